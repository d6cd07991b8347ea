/** Adds, removes and switches servers in the file that somebody wrote, whose comments and order stay as they are. */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { nearest } from '../stdx/nearest.ts';
import type { Config } from './config.ts';
import { parseText } from './parse-text.ts';
import { shownPath } from './paths.ts';
import { invalidConfig } from './problems.ts';
import { readDocument } from './read-document.ts';
import { isClientFile, type LoadOptions } from './resolve.ts';
import { removeIn, replaceInList, setIn, type TextKind } from './splice.ts';

export type ServerEdit =
  | { readonly kind: 'add'; readonly name: string; readonly entry: Readonly<Record<string, unknown>> }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'switch'; readonly name: string; readonly enabled: boolean }
  /** Another word in place of one of its `args`. */
  | { readonly kind: 'argument'; readonly name: string; readonly from: string; readonly to: string };

export interface EditedConfig {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** What the edited text means. */
  readonly config: Config;
}

const BLOCKS = ['servers', 'tools', 'mcpServers'] as const;

/**
 * What the file would be after these edits; nothing is written. Throws CONFIG_INVALID when the result would not load,
 * SERVER_UNKNOWN for a server that is not in the file, and USAGE for a name that is taken.
 */
export function editConfig(options: LoadOptions, edits: readonly ServerEdit[]): EditedConfig {
  const { file } = options;
  const kind = isClientFile(file) ? 'json' : 'yaml';
  const before = readText(file);
  const mark = before.startsWith('\uFEFF') ? '\uFEFF' : '';
  const edited = edits.reduce((text, edit) => applyEdit(text, { edit, kind, file }), before.slice(mark.length));
  const { config } = readDocument(edited, options);
  return { file, before, after: mark + edited, config };
}

/**
 * Replaces the file in one step, or writes `ownFile` where the one that was read is the packaged default, which an
 * update would overwrite. Throws USAGE when somebody else has changed the file since it was read.
 */
export function writeEdited({ file, before, after }: EditedConfig, ownFile?: string): string {
  if (ownFile !== undefined) {
    mkdirSync(dirname(ownFile), { recursive: true });
    replaceFile(ownFile, after);
    return ownFile;
  }
  const target = realpathSync(file);
  if (readText(target) !== before) {
    throw new GatewayError('USAGE', `${shownPath(file)} was changed by somebody else meanwhile`, { hint: 'try again' });
  }
  replaceFile(target, after);
  return file;
}

/** Writes beside and renames, with the mode of the file that was there. */
export function replaceFile(file: string, text: string): void {
  const draft = `${file}.${randomUUID().slice(0, 8)}.draft`;
  const mode = existsSync(file) ? statSync(file).mode & 0o777 : 0o600;
  try {
    writeFileSync(draft, text, { mode, flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new GatewayError('USAGE', `cannot write ${shownPath(file)}: ${(error as Error).message}`, {
      hint: 'make the file and its folder writable',
      cause: error,
    });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `cannot read ${shownPath(file)}: ${(error as Error).message}`, {
      hint: 'name a file with --config',
      cause: error,
    });
  }
}

interface Place {
  readonly edit: ServerEdit;
  readonly kind: TextKind;
  readonly file: string;
}

function applyEdit(text: string, { edit, kind, file }: Place): string {
  const parsed = parseText(text, kind);
  if ('problems' in parsed && text.trim() !== '') throw invalidConfig(file, parsed.problems);
  const document = 'value' in parsed && isObject(parsed.value) ? parsed.value : {};
  const block = BLOCKS.find((each) => isObject(document[each]) && edit.name in document[each]);
  if (edit.kind === 'add') return addServer(text, { edit, kind, block, document });
  if (block === undefined) throw unknownServer(edit.name, document, file);
  const path = [block, edit.name];
  if (edit.kind === 'remove') return removeIn(text, kind, path);
  if (edit.kind === 'argument') {
    const changed = replaceInList(text, kind, { ...edit, path: [...path, 'args'] });
    if (changed === undefined) throw notInArgs(edit, file);
    return changed;
  }
  const servers = document[block];
  const entry = isObject(servers) ? servers[edit.name] : undefined;
  const usesDisabled = isObject(entry) && 'disabled' in entry;
  const [key, value] = usesDisabled ? ['disabled', !edit.enabled] : ['enabled', edit.enabled];
  return setIn(text, kind, { path: [...path, key], value });
}

interface Addition {
  readonly edit: Extract<ServerEdit, { kind: 'add' }>;
  readonly kind: TextKind;
  /** Where a server of this name stands already. */
  readonly block: string | undefined;
  readonly document: Readonly<Record<string, unknown>>;
}

function addServer(text: string, { edit, kind, block, document }: Addition): string {
  if (block !== undefined) {
    throw new GatewayError('USAGE', `a server is called "${edit.name}" already`, {
      hint: `choose another name, or "tooldex remove ${edit.name}" first`,
    });
  }
  const into = BLOCKS.find((each) => isObject(document[each])) ?? (kind === 'json' ? 'mcpServers' : 'servers');
  return setIn(text, kind, { path: [into, edit.name], value: edit.entry });
}

function notInArgs({ name, from, to }: { name: string; from: string; to: string }, file: string): GatewayError {
  return new GatewayError('USAGE', `"${from}" does not stand in the args of "${name}" in ${shownPath(file)}`, {
    hint: `write ${to} by hand where it comes from`,
  });
}

function unknownServer(name: string, document: Readonly<Record<string, unknown>>, file: string): GatewayError {
  const known = BLOCKS.flatMap((block) => Object.keys(isObject(document[block]) ? document[block] : {}));
  const [guess] = nearest(name, known, 1);
  return new GatewayError('SERVER_UNKNOWN', `${shownPath(file)} has no server "${name}"`, {
    hint: guess === undefined ? `it has ${known.join(', ') || 'none'}` : `did you mean "${guess}"?`,
  });
}
