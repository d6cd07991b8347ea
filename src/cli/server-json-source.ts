/** Where `tooldex add` finds a server.json: in the file that it was told, or in the catalog of the configuration. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfigCached } from '../config/load-config.ts';
import { GatewayError } from '../errors.ts';
import { openServerCatalog } from '../gateway-catalog.ts';
import { nearest } from '../stdx/nearest.ts';
import { type CommonFlags, type Invocation, tell } from './invocation.ts';
import { loadOptions } from './open.ts';

export interface FoundServerJson {
  readonly text: string;
  /** What the catalog would call it here; undefined for a file. */
  readonly shortName: string | undefined;
}

/** Throws USAGE where there is neither. */
export async function findServerJson(
  invocation: Invocation,
  wanted: string,
  flags: CommonFlags & { readonly from?: string },
): Promise<FoundServerJson> {
  const file = resolve(invocation.cwd, wanted);
  if (flags.from !== undefined && existsSync(file)) return { text: readText(file), shortName: undefined };
  const { catalog, dataDir } = await loadConfigCached(loadOptions(invocation, flags));
  const warn = (message: string) => tell(invocation, `warning: ${message}`);
  const known = openServerCatalog({ config: () => catalog, dataDir, warn });
  const found = await known.find(wanted);
  if (found) return { text: JSON.stringify(found.serverJson), shortName: found.shortName };
  const where = catalog ? `the catalog has no server "${wanted}"` : 'the configuration has no catalog to find it in';
  const near = nearest(
    wanted,
    (await known.all()).flatMap(({ name, shortName }) => [name, shortName]),
  );
  const guess = near.length > 0 ? { hint: `did you mean ${near.join(', ')}?` } : undefined;
  if (flags.from !== undefined) throw new GatewayError('USAGE', `there is no file ${wanted}, and ${where}`, guess);
  throw new GatewayError('USAGE', `say what the server "${wanted}" is: ${where}`, {
    hint: 'give one of --command, --image, --url and --from, or the name of a server of the catalog',
    ...guess,
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GatewayError('USAGE', `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
