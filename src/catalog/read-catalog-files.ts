/** Reads a catalog from this machine: one file, or those of a folder. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explain } from '../errors.ts';
import { listOf } from './fetch-catalog.ts';

/** In the order of their names; a file that cannot be read is told and left out. Throws when the path itself is not there. */
export async function readCatalogFiles(path: string, warn: (message: string) => void): Promise<unknown[]> {
  if (!(await stat(path)).isDirectory()) return parse(await readFile(path, 'utf8'));
  const names = (await readdir(path)).filter((name) => name.endsWith('.json')).sort();
  const lists = await Promise.all(
    names.map(async (name) => {
      try {
        return parse(await readFile(join(path, name), 'utf8'));
      } catch (error) {
        warn(`the catalog file ${join(path, name)} is left out: ${explain(error)}`);
        return [];
      }
    }),
  );
  return lists.flat();
}

const parse = (text: string) => listOf(JSON.parse(text.replace(/^\uFEFF/, '')));
