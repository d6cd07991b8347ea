/** One edit of one server in one text: what is written where, and what is refused. */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { parseText } from './parse-text.ts';
import { shownPath } from './paths.ts';
import { invalidConfig } from './problems.ts';
import { removeIn, replaceInList, setIn, type TextKind } from './splice.ts';

export type ServerEdit =
  | { readonly kind: 'add'; readonly name: string; readonly entry: Readonly<Record<string, unknown>> }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'switch'; readonly name: string; readonly enabled: boolean }
  /** Another word in place of one of its `args`. */
  | { readonly kind: 'argument'; readonly name: string; readonly from: string; readonly to: string };

/** A file of the configuration, as text. */
export interface ConfigText {
  readonly file: string;
  readonly kind: TextKind;
  readonly text: string;
}

const BLOCKS = ['servers', 'tools', 'mcpServers'] as const;

type Fields = Readonly<Record<string, unknown>>;

/** Names of all servers in it; none where it cannot be parsed. */
export function serverNames({ text, kind }: ConfigText): string[] {
  const parsed = parseText(text, kind);
  if ('problems' in parsed || !isObject(parsed.value)) return [];
  const document = parsed.value;
  return BLOCKS.flatMap((block) => Object.keys(isObject(document[block]) ? document[block] : {}));
}

/** Throws CONFIG_INVALID for a text that cannot be parsed. */
export function requireSyntax(source: ConfigText): void {
  documentOf(source);
}

/**
 * The text after the edit. The server of any edit but `add` must be in it, that of `add` must not. Throws what
 * `requireSyntax` does, and USAGE for what cannot be edited as it is written.
 */
export function editServer(source: ConfigText, edit: ServerEdit): string {
  const { text, kind } = source;
  const document = documentOf(source);
  if (edit.kind === 'add') {
    const into = BLOCKS.find((each) => isObject(document[each])) ?? (kind === 'json' ? 'mcpServers' : 'servers');
    return setIn(text, kind, { path: [into, edit.name], value: edit.entry });
  }
  const block = BLOCKS.find((each) => isObject(document[each]) && edit.name in document[each]) ?? 'servers';
  const path = [block, edit.name];
  if (edit.kind === 'remove') return removeIn(text, kind, path);
  if (edit.kind === 'argument') {
    const changed = replaceInList(text, kind, { ...edit, path: [...path, 'args'] });
    if (changed === undefined) throw notInArgs(edit, source.file);
    return changed;
  }
  const servers = document[block];
  const entry = isObject(servers) ? servers[edit.name] : undefined;
  const usesDisabled = isObject(entry) && 'disabled' in entry;
  const [key, value] = usesDisabled ? ['disabled', !edit.enabled] : ['enabled', edit.enabled];
  return setIn(text, kind, { path: [...path, key], value });
}

function documentOf({ text, kind, file }: ConfigText): Fields {
  const document = parseText(text, kind);
  if ('problems' in document && text.trim() !== '') throw invalidConfig(file, document.problems);
  return 'value' in document && isObject(document.value) ? document.value : {};
}

function notInArgs({ name, from, to }: { name: string; from: string; to: string }, file: string): GatewayError {
  return new GatewayError('USAGE', `"${from}" does not stand in the args of "${name}" in ${shownPath(file)}`, {
    hint: `write ${to} by hand where it comes from`,
  });
}
