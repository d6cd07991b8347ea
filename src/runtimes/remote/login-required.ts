/** The one error that says that a person, or the right credentials, are needed before a remote server can be used. */
import { GatewayError } from '../../errors.ts';

export function loginRequired(server: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('LOGIN_REQUIRED', `Server "${server}" wants a login: ${why}`, {
    hint: `Run \`tooldex login ${server}\`; a running gateway takes up the new login by itself.`,
    data: { server },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function credentialsRefused(server: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('LOGIN_REQUIRED', `Server "${server}" cannot be logged in to: ${why}`, {
    hint: `Check \`oauth\` of "${server}" in the configuration: client_id, client_secret and scopes.`,
    data: { server },
    ...(cause === undefined ? {} : { cause }),
  });
}
