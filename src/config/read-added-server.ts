/** One server from a configuration that somebody gave while running, held against the same schema as the file's. */
import { dirname, join } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import type { Config, ServerConfig } from './config.ts';
import type { LocatedProblem } from './problems.ts';

export interface AddedServer {
  readonly name: string;
  /** As in a file under `servers:`, or as MCP clients write it. */
  readonly given: unknown;
}

/**
 * Throws CONFIG_INVALID as loading does. References to the environment and to files are not expanded: whoever gives such a
 * configuration is not the one whose secrets are there.
 */
export async function readAddedServer({ name, given }: AddedServer, config: Config): Promise<ServerConfig> {
  refuseNetworkKeys(name, given);
  refuseFiles(name, given);
  const { readDocument } = await import('./read-document.ts');
  const file = join(dirname(config.source.file), `config of ${name.replace(/[^\w.-]/g, '_')}.json`);
  const text = JSON.stringify(
    { workspace_root: config.workspaceRoot, defaults: config.defaults, servers: { [name]: given } },
    null,
    1,
  );
  const server = explained(name, () => readDocument(text, { file, env: {} })).config.servers.get(name);
  // What an agent brings may have been suggested to it by a stranger: it opens no way into this network.
  if (server?.runtime === 'remote') return { ...server, privateHosts: 'none' };
  if (server) return server;
  throw new GatewayError('CONFIG_INVALID', `the config of "${name}" describes no server`, {
    hint: EXAMPLE,
  });
}

const EXAMPLE = 'give an object such as {"command":"npx","args":["-y","package@1.2.3"]}';

/** Whoever gave the config has no file to mend, and wrote no lines and columns. */
function explained<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID') throw error;
    const problems = (error.data?.problems ?? []) as readonly LocatedProblem[];
    const what = problems.map(({ message }) => message).join('; ') || error.message;
    throw new GatewayError('CONFIG_INVALID', `the config of "${name}" cannot be: ${what}`, {
      hint: EXAMPLE,
      data: error.data,
      cause: error,
    });
  }
}

/** Keys that would lead this machine, or its trust, to where the admin has not. */
const NETWORK_KEYS = ['allow_private', 'proxy', 'ca_file'];

function refuseNetworkKeys(name: string, given: unknown): void {
  const key = isObject(given) && NETWORK_KEYS.find((each) => given[each] !== undefined);
  if (!key) return;
  throw new GatewayError(
    'CONFIG_INVALID',
    `the config of "${name}" has the key "${key}", which only an admin may set`,
    {
      hint: `leave "${key}" out, or ask the admin to put the server into the configuration file`,
    },
  );
}

/** What a file holds would go to whom the config names, which is what a stranger may have suggested. */
function refuseFiles(name: string, given: unknown): void {
  if (!/(?<!\$)\$\{file:/.test(JSON.stringify(given) ?? '')) return;
  throw new GatewayError('CONFIG_INVALID', `the config of "${name}" refers to a file, which only an admin may`, {
    hint: 'write "$${" for a "${" that is meant literally, or ask the admin to put the server into the configuration file',
  });
}
