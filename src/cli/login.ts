/** `tooldex login` and `tooldex logout`: a person's leave for the gateway to use a remote server. */
import { loadConfigCached } from '../config/load-config.ts';
import { GatewayError } from '../errors.ts';
import { openLogin } from '../gateway-login.ts';
import { type CommonFlags, type Invocation, print, tell } from './invocation.ts';
import { loadOptions } from './open.ts';

/** Long enough to find the password. */
const LOGIN_MS_MAX = 5 * 60_000;

export async function login(
  invocation: Invocation,
  name: string,
  flags: CommonFlags & { readonly browser: boolean; readonly scope?: string },
): Promise<number> {
  const config = await loadConfigCached(loadOptions(invocation, flags));
  const { access, server, openBrowser } = await openLogin(config, name, invocation.env);
  if (server.oauth?.grant === 'client_credentials') {
    await access.close();
    throw new GatewayError('USAGE', `Server "${name}" is logged in at with client credentials, which needs no person`, {
      hint: `Use it: tooldex index ${name}`,
    });
  }
  const show = (url: URL) => {
    print(invocation, `Open this address to log in at "${name}":\n\n  ${url.href}\n`);
    if (flags.browser) void openBrowser(url);
  };
  try {
    await access.login(server, {
      onAddress: show,
      signal: timeLimit(name),
      further: flags.scope?.split(/[\s,]+/).filter(Boolean),
    });
  } finally {
    await access.close();
  }
  tell(
    invocation,
    `Logged in at "${name}". A running gateway takes it up by itself; to find its tools: tooldex index ${name}`,
  );
  return 0;
}

export async function logout(invocation: Invocation, name: string, flags: CommonFlags): Promise<number> {
  const config = await loadConfigCached(loadOptions(invocation, flags));
  const { access, server } = await openLogin(config, name, invocation.env);
  try {
    const wasIn = await access.logout(server);
    tell(invocation, wasIn ? `Logged out at "${name}".` : `There was no login at "${name}".`);
  } finally {
    await access.close();
  }
  return 0;
}

function timeLimit(name: string): AbortSignal {
  const limit = new AbortController();
  const tooLate = new GatewayError('LOGIN_REQUIRED', `Nobody came back from the login at "${name}" within 5 minutes`, {
    hint: `Run \`tooldex login ${name}\` again. The browser has to be on this machine; see docs/REMOTE.md for others.`,
  });
  setTimeout(() => limit.abort(tooLate), LOGIN_MS_MAX).unref();
  return limit.signal;
}
