/** Which further files belong to a configuration; without the parser, for starts from the cache and for watching. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { resolvePath } from './paths.ts';
import { CONFIG_BYTES_MAX, readWhole } from './read-whole.ts';
import type { LoadOptions } from './resolve.ts';
import type { ConfigDocument } from './schema.ts';
import { matchesGlob } from './tool-filter.ts';

export interface IncludedText {
  readonly file: string;
  readonly text: string;
}

/** Absolute patterns of the files; a relative one starts at the folder of the main file. */
export function includePatterns({ include }: Pick<ConfigDocument, 'include'>, { file, env }: LoadOptions): string[] {
  const patterns = typeof include === 'string' ? [include] : (include ?? []);
  return patterns.map((pattern) => resolvePath(pattern, dirname(file), env));
}

/** Files that there are now, pattern by pattern, each once and by name. Only names may have `*` and `?`, not folders. */
export function listIncluded(patterns: readonly string[]): string[] {
  return [...new Set(patterns.flatMap(filesOf))];
}

/** Undefined where it cannot be read, is not UTF-8, or is too large. */
export function readIncluded(file: string): string | undefined {
  const read = readWhole(file, { bytesMax: CONFIG_BYTES_MAX, onlyRegular: true });
  if (!('bytes' in read)) return undefined;
  const text = read.bytes.toString('utf8');
  return Buffer.from(text).equals(read.bytes) ? text.replace(/^\uFEFF/, '') : undefined;
}

function filesOf(pattern: string): string[] {
  const [folder, name] = [dirname(pattern), basename(pattern)];
  try {
    const names = readdirSync(folder).filter((one) => matchesGlob(one, name) && (!one.startsWith('.') || one === name));
    return names
      .sort()
      .map((one) => join(folder, one))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  } catch {
    return [];
  }
}
