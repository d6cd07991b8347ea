/** From a file to the configuration: thoroughly, or in a millisecond by what the last thorough reading left behind. */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { writeWholeSync } from '../stdx/write-whole.ts';
import type { Config } from './config.ts';
import { type IncludedText, includePatterns, listIncluded, readIncluded } from './include-files.ts';
import { resolvePath, shownPath } from './paths.ts';
import { invalidConfig } from './problems.ts';
import type { ReadDocument } from './read-document.ts';
import { CONFIG_BYTES_MAX, readWhole } from './read-whole.ts';
import { expandReferences } from './references.ts';
import { type LoadOptions, resolveDocument } from './resolve.ts';
import type { ConfigDocument } from './schema.ts';

export interface CachedLoadOptions extends LoadOptions {
  /** Of the program that validates: another build may have another schema. */
  readonly productVersion: string;
}

/** Reads and validates the file. Throws CONFIG_INVALID with every problem, each with line and column. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const absolute = withAbsolutePaths(options);
  return (await readThoroughly(readBytes(absolute), absolute)).config;
}

/**
 * The same, but a file that was valid before is not parsed again: its document is remembered as JSON in the data folder.
 * References are expanded anew each time, and when anything is wrong the thorough way says what.
 */
export async function loadConfigCached(given: CachedLoadOptions): Promise<Config> {
  const options = withAbsolutePaths(given);
  const bytes = readBytes(options);
  const text = bytes.toString('utf8');
  const origin = { text, file: options.file, productVersion: options.productVersion };
  const cache = readCache(cacheFile(guessDataDir(text, options)));
  const remembered =
    cache && isFrom(cache, origin) && isStillIncluded(cache, options) ? resolveCached(cache, options) : undefined;
  if (remembered) return remembered;
  const { document, included, config } = await readThoroughly(bytes, options);
  writeCache(cacheFile(config.dataDir), { ...origin, document, included });
  return config;
}

/** What the file said when a command last used it, as far as that is remembered. */
export function lastUsedConfig(given: CachedLoadOptions): Config | undefined {
  const options = withAbsolutePaths(given);
  const cache = readCache(cacheFile(dataDirOf(options)));
  const isOurs = cache?.file === options.file && cache.productVersion === options.productVersion;
  return isOurs ? resolveCached(cache, options) : undefined;
}

/** Absolute; also of a file that is broken now, as far as its text says it. */
export function dataDirOf(given: LoadOptions): string {
  const options = withAbsolutePaths(given);
  return guessDataDir(readBytes(options).toString('utf8'), options);
}

function withAbsolutePaths<Options extends LoadOptions>(options: Options): Options {
  const { overrides } = options;
  const dataDir = overrides?.dataDir === undefined ? {} : { dataDir: resolve(overrides.dataDir) };
  return { ...options, file: resolve(options.file), overrides: { ...overrides, ...dataDir } };
}

/** The parser and the schema cost more than all the rest of a start, so they are loaded here and not before. */
async function readThoroughly(bytes: Buffer, options: LoadOptions) {
  const { readDocument } = await import('./read-document.ts');
  return readDocument(decode(bytes, options.file), options);
}

/** Throws CONFIG_INVALID. */
export function readBytes({ file, onlyRegular, piped }: Pick<LoadOptions, 'file' | 'onlyRegular' | 'piped'>): Buffer {
  const said = onlyRegular ? undefined : piped?.get(file);
  if (said) return said;
  const read = readWhole(file, { bytesMax: CONFIG_BYTES_MAX, onlyRegular });
  if ('bytes' in read) {
    if (statSync(file, { throwIfNoEntry: false })?.isFIFO()) piped?.set(file, read.bytes);
    return read.bytes;
  }
  throw new GatewayError('CONFIG_INVALID', `cannot read the configuration ${shownPath(file)}: ${read.problem}`, {
    hint: 'name a file with --config',
    cause: read.cause,
  });
}

function decode(bytes: Buffer, file: string): string {
  const text = bytes.toString('utf8');
  const broken = Buffer.compare(Buffer.from(text, 'utf8'), bytes) === 0 ? -1 : text.indexOf('\uFFFD');
  if (broken < 0) return text.replace(/^\uFEFF/, '');
  const before = text.slice(0, broken).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  throw invalidConfig(file, [
    { line: before.length, column, message: 'the file is not UTF-8 here — save it as UTF-8' },
  ]);
}

/** What a cached document was made from. The text itself, not a hash of it: comparing is exact and needs no crypto. */
interface Origin {
  readonly text: string;
  readonly file: string;
  readonly productVersion: string;
}

function cacheFile(dataDir: string): string {
  return join(dataDir, 'cache', 'config.json');
}

/** Where the data folder most likely is, without parsing; a wrong guess only costs the thorough way. */
function guessDataDir(text: string, options: LoadOptions): string {
  const folder = dirname(options.file);
  const { overrides, env, dataDirDefault = join(folder, '.tooldex') } = options;
  if (overrides?.dataDir !== undefined) return overrides.dataDir;
  const [, quoted, plain] = /^[ \t]*["']?data_dir["']?[ \t]*:[ \t]*(?:["']([^"'\n]*)["']|([^#\n]*))/m.exec(text) ?? [];
  const given = quoted ?? plain?.trim().replace(/,$/, '');
  if (!given) return dataDirDefault;
  const scope = { env, folder, bareNames: false, onlyRegular: options.onlyRegular };
  return resolvePath(expandReferences(given, scope).value, folder, env);
}

type Cache = Record<string, unknown> & { readonly document: ConfigDocument };

function readCache(file: string): Cache | undefined {
  try {
    const cache: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isObject(cache) && isObject(cache.document) ? (cache as Cache) : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined whenever anything is unexpected: the thorough way will tell. */
function resolveCached({ document }: Cache, options: LoadOptions): Config | undefined {
  try {
    const resolved = resolveDocument(document, options);
    return 'config' in resolved ? resolved.config : undefined;
  } catch {
    return undefined;
  }
}

function isFrom(cache: Record<string, unknown>, { text, file, productVersion }: Origin): boolean {
  return cache.text === text && cache.file === file && cache.productVersion === productVersion;
}

/** The same further files with the same texts; they are few and short, so reading them costs less than parsing. */
function isStillIncluded({ document, included }: Record<string, unknown>, options: LoadOptions): boolean {
  const before = included as readonly IncludedText[];
  const files = listIncluded(includePatterns(document as ConfigDocument, options));
  return (
    files.length === before.length &&
    before.every(({ file, text }, at) => file === files[at] && readIncluded(file) === text)
  );
}

/** For the owner alone, since a file may hold literal secrets. A cache that cannot be written is done without. */
function writeCache(file: string, cache: Origin & Pick<ReadDocument, 'document' | 'included'>): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeWholeSync(file, JSON.stringify(cache), { mode: 0o600 });
  } catch {
    // The next start reads the file thoroughly.
  }
}
