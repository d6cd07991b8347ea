/** A server of the catalog as it runs here: its server.json, and what the file says that it needs. */
import { dirname, join } from 'node:path';
import { GatewayError } from '../errors.ts';
import type { Config, ServerConfig } from './config.ts';
import { serverFromJson } from './server-json.ts';
import type { InputValues } from './server-json-inputs.ts';

/** Where an added server came from; who brings one cannot say this. */
export interface CatalogOrigin {
  /** As the catalog calls it. */
  readonly name: string;
  readonly version: string;
  /** Which of the sources; see `CatalogSource`. */
  readonly source: string;
  /** Whether that is a file of this machine, which the admin wrote or chose. */
  readonly isLocal: boolean;
}

export interface CataloguedServer {
  /** What it is called here. */
  readonly name: string;
  readonly serverJson: unknown;
  readonly origin: CatalogOrigin;
}

export interface ReadCatalogServer {
  readonly server: ServerConfig;
  /** Inputs of the file that it does not have. */
  readonly unused: readonly string[];
}

/**
 * A server whose required inputs the file does not say is resolved all the same, with `missing`. Throws USAGE and
 * CONFIG_INVALID for one that cannot be run here.
 */
export async function readCatalogServer(
  { name, serverJson, origin }: CataloguedServer,
  config: Config,
): Promise<ReadCatalogServer> {
  const { inputs = {}, network = 'none' } = config.catalog ?? {};
  const values = literally({ ...inputs[origin.name], ...inputs[name] });
  const { entry, missing, unused } = serverFromJson(serverJson, { values, unset: 'collect', exact: true });
  const { readDocument } = await import('./read-document.ts');
  const file = join(dirname(config.source.file), `${name.replace(/[^\w.-]/g, '_')} of the catalog.json`);
  const whole = { ...entry, ...runnable(entry, missing.length > 0), ...('image' in entry ? { network } : {}) };
  const text = JSON.stringify(
    { workspace_root: config.workspaceRoot, defaults: config.defaults, servers: { [name]: whole } },
    null,
    1,
  );
  const server = readDocument(text, { file, env: {} }).config.servers.get(name);
  if (!server) throw new GatewayError('CONFIG_INVALID', `the server.json of "${name}" describes no server`);
  const known = { ...server, ...(missing.length > 0 ? { missing } : {}) };
  // A list from elsewhere opens no way into this network.
  const isFar = known.runtime === 'remote' && !origin.isLocal;
  return { server: isFar ? { ...known, privateHosts: 'none' } : known, unused };
}

/** What the file says was expanded when it was read, and is not expanded again. */
function literally(values: InputValues): InputValues {
  const text = (value: string) => value.replaceAll('${', () => '$${');
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? text(value) : value.map(text)]),
  );
}

/** An address with a part missing is none, and nobody goes there before it is whole. */
const runnable = (entry: Readonly<Record<string, unknown>>, lacks: boolean) =>
  lacks && 'url' in entry ? { url: 'https://unset.invalid/' } : {};
