/** The one error that says that a person, or the right credentials, are needed before a remote server can be used. */
import { GatewayError } from '../../errors.ts';

export function loginRequired(server: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('LOGIN_REQUIRED', `Server "${server}" wants a login: ${why}`, {
    hint: `Run \`tooldex login ${server}\`; a running gateway takes up the new login by itself.`,
    data: { server },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What may stand unquoted on a command line that a person copies; servers name their scopes themselves. */
const PLAIN_SCOPE = /^[\w:./*-]+$/;

/** For a login that is good, but not for this. With all that is wanted granted, logging in again would change nothing. */
export function furtherRights(
  server: string,
  { wanted, granted }: { readonly wanted: readonly string[]; readonly granted: readonly string[] },
): GatewayError {
  const missing = wanted.filter((scope) => !granted.includes(scope));
  const what = wanted.length > 0 ? ` (${wanted.join(' ').slice(0, 300)})` : '';
  if (wanted.length > 0 && missing.length === 0) {
    return new GatewayError(
      'LOGIN_REQUIRED',
      `Server "${server}" refuses this though the login has the rights${what}`,
      {
        hint: 'Ask its operator; another login would bring nothing.',
        data: { server },
      },
    );
  }
  const scope = missing.join(',');
  const flag = missing.length > 0 && missing.every((each) => PLAIN_SCOPE.test(each)) ? ` --scope ${scope}` : '';
  return new GatewayError('LOGIN_REQUIRED', `Server "${server}" wants further rights for this${what}`, {
    hint: `Run \`tooldex login ${server}${flag}\`; what was granted before is asked for again with it.`,
    data: { server, scopes: wanted },
  });
}

export function credentialsRefused(server: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('LOGIN_REQUIRED', `Server "${server}" cannot be logged in to: ${why}`, {
    hint: `Check \`oauth\` of "${server}" in the configuration: client_id, client_secret and scopes.`,
    data: { server },
    ...(cause === undefined ? {} : { cause }),
  });
}
