/** The part of the composition root that logs in at remote servers; it needs neither catalog nor pool. */
import { join } from 'node:path';
import type { Config, RemoteServerConfig, ServerConfig } from './config/config.ts';
import { GatewayError } from './errors.ts';
import { isLet } from './gateway-policy.ts';
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
  const server = remoteServer(config, name, config.servers.get(name) ?? (await addedServer(config, name)));
  refuseSettled(server);
  const [{ createRemoteAccess }, { openBrowser }, { systemClock }] = await Promise.all([
    import('./runtimes/remote/remote-access.ts'),
    import('./runtimes/remote/open-browser.ts'),
    import('./stdx/clock.ts'),
  ]);
  const { dataDir, tokenSecret } = config;
  const access = createRemoteAccess({ dataDir, env, tokenSecret, clock: systemClock });
  return { access, server, openBrowser: (url) => openBrowser(url, env) };
}

/** One that an agent brought while a gateway ran, if an admin let it in or the file still lets agents do that. */
async function addedServer(config: Config, name: string): Promise<ServerConfig | undefined> {
  const [{ openDatabase }, { createAddedServers }, { readAddedServer }, { readCatalogServer }] = await Promise.all([
    import('./catalog/database.ts'),
    import('./catalog/added-servers.ts'),
    import('./config/read-added-server.ts'),
    import('./config/read-catalog-server.ts'),
  ]);
  const { database } = openDatabase(join(config.dataDir, 'catalog.db'));
  try {
    const found = createAddedServers(database)
      .all()
      .find(({ server }) => server === name);
    if (!found || !isLet(found, config)) return undefined;
    const { config: given, origin } = found;
    if (origin) return (await readCatalogServer({ name, serverJson: given, origin }, config)).server;
    return await readAddedServer({ name, given }, config);
  } finally {
    database.close();
  }
}

function refuseSettled({ name, headers, oauth }: RemoteServerConfig): void {
  if (oauth || !Object.keys(headers).some((header) => header.toLowerCase() === 'authorization')) return;
  throw new GatewayError(
    'USAGE',
    `Server "${name}" has an Authorization header of its own, so a login would not be used`,
    {
      hint: 'Take "Authorization" out of its `headers` to log in instead.',
    },
  );
}

function remoteServer({ servers }: Config, name: string, server: ServerConfig | undefined): RemoteServerConfig {
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
