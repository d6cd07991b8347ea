/** The part of the composition root that logs in at remote servers; it needs neither catalog nor pool. */
import type { Config, RemoteServerConfig } from './config/config.ts';
import { GatewayError } from './errors.ts';
import type { RemoteAccess } from './runtimes/remote/remote-access.ts';
import { nearest } from './stdx/nearest.ts';

export interface LoginParts {
  readonly access: RemoteAccess;
  /** Throws SERVER_UNKNOWN, or USAGE for one that nobody can log in at. */
  readonly server: RemoteServerConfig;
  /** Shows an address in the user's browser, if there is one. */
  readonly openBrowser: (url: URL) => Promise<void>;
}

export async function openLogin(
  config: Config,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LoginParts> {
  const server = remoteServer(config, name);
  const [{ createRemoteAccess }, { openBrowser }, { systemClock }] = await Promise.all([
    import('./runtimes/remote/remote-access.ts'),
    import('./runtimes/remote/open-browser.ts'),
    import('./stdx/clock.ts'),
  ]);
  const { dataDir, tokenSecret } = config;
  const access = createRemoteAccess({ dataDir, env, tokenSecret, clock: systemClock });
  return { access, server, openBrowser: (url) => openBrowser(url, env) };
}

function remoteServer({ servers }: Config, name: string): RemoteServerConfig {
  const server = servers.get(name);
  const remotes = [...servers.values()].flatMap((each) => (each.runtime === 'remote' ? [each.name] : []));
  if (!server) {
    const near = nearest(name, remotes, 1)[0];
    throw new GatewayError('SERVER_UNKNOWN', `There is no server "${name}"`, {
      hint: near ? `Did you mean "${near}"?` : 'Run `tooldex list` to see the servers.',
    });
  }
  if (server.runtime === 'remote') return server;
  throw new GatewayError('USAGE', `Server "${name}" is no remote server, so there is nothing to log in at`, {
    hint: remotes.length > 0 ? `Remote are: ${remotes.join(', ')}.` : 'No server of the configuration is remote.',
  });
}
