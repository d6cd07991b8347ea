/** What changed in a tool's definition, as lines that a person can read and that can do nothing to a terminal or a page. */
import { isObject } from '../stdx/json.ts';
import { UNSEEN, writtenOut } from '../stdx/unseen.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** Longer values say how much was left out: an admin reads them in the server's own listing. */
const VALUE_CHARACTERS_MAX = 2_000;

/** Lines that begin with `-` (was), `+` (is now) or `!` (a warning); paths as `inputSchema.properties.x`. */
export function definitionDiff(approved: ToolDefinition | undefined, proposed: ToolDefinition): string[] {
  const before = leaves(approved ?? {});
  const after = leaves(proposed);
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  const lines = paths.flatMap((path) => [...sided('-', path, before.get(path)), ...sided('+', path, after.get(path))]);
  const hidden =
    [...after.values()]
      .join('')
      .replaceAll('\\n', '')
      .match(/\\u\{[0-9A-F]+\}/g)?.length ?? 0;
  return hidden === 0 ? lines : [`! ${hidden} invisible characters, written as \\u{...} here`, ...lines];
}

const sided = (side: '-' | '+', path: string, text: string | undefined) =>
  text === undefined ? [] : [`${side} ${path}: ${text}`];

/** Every scalar by its path, in visible characters; an empty list or object is one too. */
function leaves(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  const entries = Array.isArray(value) ? value.entries() : isObject(value) ? Object.entries(value) : [];
  const parts = [...entries];
  if (path !== '' && parts.length === 0) into.set(path, shown(value));
  for (const [key, part] of parts) {
    const name = visible(String(key));
    leaves(part, path === '' ? name : `${path}.${name}`, into);
  }
  return into;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? `"${visible(value)}"` : visible(JSON.stringify(value) ?? 'null');
  const more = text.length - VALUE_CHARACTERS_MAX;
  return more > 0 ? `${text.slice(0, VALUE_CHARACTERS_MAX)}… and ${more} characters more` : text;
}

/** JSON whose invisible characters are written out; nothing is cut. */
export function visibleJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(UNSEEN, writtenOut);
}

/** In one line; `<` and `>` are written out, since some will paste this into a page. */
export function visible(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replace(UNSEEN, writtenOut)
    .replaceAll('<', '‹')
    .replaceAll('>', '›');
}
