/** Adds, removes and switches servers in the files that somebody wrote, whose comments and order stay as they are. */
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { nearest } from '../stdx/nearest.ts';
import { writeWholeSync } from '../stdx/write-whole.ts';
import type { Config } from './config.ts';
import { type ConfigText, editServer, requireSyntax, type ServerEdit, serverNames } from './edit-server.ts';
import { includePatterns, listIncluded } from './include-files.ts';
import { readBytes } from './load-config.ts';
import { parseText } from './parse-text.ts';
import { shownPath } from './paths.ts';
import { readDocument } from './read-document.ts';
import { CONFIG_BYTES_MAX, readWhole } from './read-whole.ts';
import { isClientFile, type LoadOptions } from './resolve.ts';

export interface EditedConfig {
  /** What was read to begin with; others are those that it includes. */
  readonly main: string;
  /** Those with edits in them, in the order of the edits; the main one where there are none. */
  readonly files: readonly [EditedFile, ...EditedFile[]];
  /** What all of it together means. */
  readonly config: Config;
}

export interface EditedFile {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/**
 * What the files would be after these edits, each in the file that has the server, new ones in the main one; nothing is
 * written. Throws CONFIG_INVALID when the result would not load, SERVER_UNKNOWN for a server that is in no file, and
 * USAGE for a name that is taken.
 */
export function editConfig(options: LoadOptions, edits: readonly ServerEdit[]): EditedConfig {
  const texts = readTexts(options);
  const [main] = texts;
  requireSyntax(main);
  const now = new Map<string, ConfigText>(texts.map((source) => [source.file, source]));
  const touched = new Set<string>();
  for (const edit of edits) {
    const source = sourceOf(edit, [...now.values()]) ?? now.get(main.file) ?? main;
    now.set(source.file, { ...source, text: editServer(source, edit) });
    touched.add(source.file);
  }
  const textOf = (file: string) => now.get(file)?.text;
  const { config } = readDocument(textOf(main.file) ?? '', options, textOf);
  const edited = ({ file, mark, text }: ReadText): EditedFile => {
    return { file, before: mark + text, after: mark + (textOf(file) ?? text) };
  };
  const [first = main, ...more] = [...touched].flatMap((file) => texts.filter((source) => source.file === file));
  return { main: main.file, files: [edited(first), ...more.map(edited)], config };
}

interface ReadText extends ConfigText {
  /** The byte order mark, where there is one. */
  readonly mark: string;
}

/** The main file first. One of the others that cannot be read is left out: loading will tell of it. */
function readTexts(options: LoadOptions): [ReadText, ...ReadText[]] {
  const main = toText(options.file, readText(options.file), isClientFile(options.file) ? 'json' : 'yaml');
  const included = listIncluded(includePatterns({ include: includeOf(main) }, options));
  const others = included.flatMap((file) => {
    const read = readWhole(file, { bytesMax: CONFIG_BYTES_MAX, onlyRegular: true });
    return 'bytes' in read ? [toText(file, read.bytes.toString('utf8'), 'yaml')] : [];
  });
  return [main, ...others];
}

function toText(file: string, text: string, kind: ConfigText['kind']): ReadText {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  return { file, kind, mark, text: text.slice(mark.length) };
}

function includeOf({ text, kind }: ConfigText): string[] {
  const parsed = parseText(text, kind);
  const include = 'value' in parsed && isObject(parsed.value) ? parsed.value.include : undefined;
  return [include].flat().filter((one) => typeof one === 'string');
}

/** Undefined for a new server. */
function sourceOf(edit: ServerEdit, sources: readonly ConfigText[]): ConfigText | undefined {
  const source = sources.find((one) => serverNames(one).includes(edit.name));
  if (edit.kind !== 'add' && !source) throw unknownServer(edit.name, sources);
  if (edit.kind !== 'add' || !source) return source;
  throw new GatewayError('USAGE', `a server is called "${edit.name}" already, in ${shownPath(source.file)}`, {
    hint: `choose another name, or "tooldex remove ${edit.name}" first`,
  });
}

/**
 * Replaces each file in one step, or writes `ownFile` where the one that was read is the packaged default, which an
 * update would overwrite. Returns what was written. Throws USAGE when somebody else has changed a file since it was read.
 */
export function writeEdited({ files, main }: EditedConfig, ownFile?: string): string[] {
  for (const { file, before } of files) requireUnchanged(file, before);
  return files.map(({ file, after }) => {
    const target = file === main ? ownFile : undefined;
    if (target !== undefined) mkdirSync(dirname(target), { recursive: true });
    replaceFile(target ?? realpathSync(file), after);
    return target ?? file;
  });
}

function requireUnchanged(file: string, before: string): void {
  if (readText(file) === before) return;
  throw new GatewayError('USAGE', `${shownPath(file)} was changed by somebody else meanwhile`, { hint: 'try again' });
}

/** In one step, with the mode of the file that was there. Throws USAGE. */
export function replaceFile(file: string, text: string): void {
  const mode = existsSync(file) ? statSync(file).mode & 0o777 : 0o600;
  try {
    writeWholeSync(file, text, { mode, flush: true });
  } catch (error) {
    throw new GatewayError('USAGE', `cannot write ${shownPath(file)}: ${(error as Error).message}`, {
      hint: 'make the file and its folder writable',
      cause: error,
    });
  }
}

function readText(file: string): string {
  return readBytes({ file, onlyRegular: true }).toString('utf8');
}

function unknownServer(name: string, sources: readonly ConfigText[]): GatewayError {
  const known = sources.flatMap(serverNames);
  const [guess] = nearest(name, known, 1);
  const where = sources.map(({ file }) => shownPath(file)).join(', ');
  return new GatewayError('SERVER_UNKNOWN', `no server is called "${name}" in ${where}`, {
    hint: guess === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean "${guess}"?`,
  });
}
