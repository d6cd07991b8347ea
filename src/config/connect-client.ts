/** Writes Tooldex into an MCP client's own file, and takes it out again; everything else in it stays as it was. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'smol-toml';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { CLIENT_FORMATS, type ClientName, type Destination } from './client-files.ts';
import { replaceFile } from './edit-config.ts';
import { parseClientText } from './import-client.ts';
import { removeIn, setIn } from './splice.ts';

const NAME = 'tooldex';

export interface ConnectOptions {
  readonly client: ClientName;
  readonly file: string;
}

export interface Connected {
  readonly file: string;
  /** How the file was before; empty where there was none. Undefined when nothing had to be written. */
  readonly backup: string | undefined;
}

/** Writes or renews the entry. The first backup is kept until `undoConnection`. Throws CONFIG_INVALID for a broken file. */
export function writeConnection({ client, file }: ConnectOptions, destination: Destination): Connected {
  const target = existsSync(file) ? realpathSync(file) : file;
  const before = textOf(target);
  const after = withEntry(before, { client, file, destination });
  if (after === before) return { file, backup: undefined };
  const backup = backupOf(target);
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(backup)) {
    if (existsSync(target)) copyFileSync(target, backup);
    else writeFileSync(backup, '', { mode: 0o600 });
  }
  replaceFile(target, after);
  return { file, backup };
}

/**
 * Takes the entry out. A file that nobody has changed since becomes what it was, to the byte; one that the client has
 * changed keeps those changes. Throws USAGE when Tooldex has written nothing there.
 */
export function undoConnection({ client, file }: ConnectOptions): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const backup = backupOf(target);
  if (!existsSync(backup)) {
    throw new GatewayError('USAGE', `Tooldex has written nothing into ${file}`, {
      hint: 'name the file that was written with --file',
    });
  }
  const earlier = textOf(backup);
  const now = textOf(target);
  const entry = entryIn(now, { client, file });
  const isUntouched = entry !== undefined && withValue(earlier, { client, file, value: entry }) === now;
  if (isUntouched && earlier === '') rmSync(target);
  else if (isUntouched) replaceFile(target, earlier);
  else if (entry !== undefined) replaceFile(target, withoutEntry(now, { client, file, earlier }));
  rmSync(backup);
}

export const backupOf = (file: string) => `${file}.before-tooldex`;

const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function withEntry(text: string, { destination, ...place }: ConnectOptions & { destination: Destination }): string {
  const value = CLIENT_FORMATS[place.client].write(destination);
  return isDeepStrictEqual(entryIn(text, place), value) ? text : withValue(text, { ...place, value });
}

function entryIn(text: string, place: ConnectOptions): unknown {
  const { syntax, blocks } = CLIENT_FORMATS[place.client];
  const block = parseClientText(place.file, text, syntax)[blocks[0]];
  return isObject(block) ? block[NAME] : undefined;
}

function withValue(text: string, { client, file, value }: ConnectOptions & { value: unknown }): string {
  const { syntax, blocks } = CLIENT_FORMATS[client];
  const before = parseClientText(file, text, syntax);
  const written = syntax === 'json' ? setInJson(text, [blocks[0], NAME], value) : setInToml(text, blocks[0], value);
  const inner = before[blocks[0]];
  const expected = { ...before, [blocks[0]]: { ...(isObject(inner) ? inner : {}), [NAME]: value } };
  return proven(written, expected, { client, file });
}

function withoutEntry(text: string, { client, file, earlier }: ConnectOptions & { earlier: string }): string {
  const previous = entryIn(earlier, { client, file });
  if (previous !== undefined) return withValue(text, { client, file, value: previous });
  const { syntax, blocks } = CLIENT_FORMATS[client];
  return syntax === 'json' ? removeIn(text, 'json', [blocks[0], NAME]) : withoutTable(text, `${blocks[0]}.${NAME}`);
}

function setInJson(text: string, path: readonly string[], value: unknown): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const bare = text.slice(mark.length);
  return mark + setIn(bare.trim() === '' ? '{}\n' : bare, 'json', { path, value });
}

function setInToml(text: string, block: string, value: unknown): string {
  const table = stringify({ [block]: { [NAME]: value } })
    .replace(`[${block}]\n`, '')
    .trim();
  const rest = withoutTable(text, `${block}.${NAME}`).trimEnd();
  const written = `${rest === '' ? '' : `${rest}\n\n`}${table}\n`;
  return text.includes('\r\n') ? written.replace(/(?<!\r)\n/g, '\r\n') : written;
}

/** Without the table of this name and those below it, each up to the next header. */
function withoutTable(text: string, name: string): string {
  const escaped = name.replaceAll('.', '\\.');
  const table = new RegExp(`^\\[${escaped}(?:\\.[^\\]\\n]*)?\\][^\\n]*\\n?(?:(?!\\[)[^\\n]*(?:\\n|$))*`, 'gm');
  return text.replace(table, '');
}

/** The text, if it means what it should: a file that is written in a way not foreseen here is left alone. */
function proven(text: string, expected: unknown, { client, file }: ConnectOptions): string {
  const meant = parseClientText(file, text, CLIENT_FORMATS[client].syntax);
  // TOML tables have no prototype, which would make equal ones differ.
  if (isDeepStrictEqual(structuredClone(toPlain(meant)), toPlain(expected))) return text;
  throw new GatewayError('USAGE', `${file} is written in a way that cannot be edited here`, {
    hint: 'add the entry by hand; the README shows it for each client',
  });
}

const toPlain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
