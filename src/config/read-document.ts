/** The thorough way from text to configuration, with every problem located; loaded only when no cached document fits. */
import type { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import type { Config } from './config.ts';
import { mergeIncluded, type TextOf } from './include.ts';
import type { IncludedText } from './include-files.ts';
import { type Locate, parseText } from './parse-text.ts';
import { invalidConfig, type KeyPath, type Problem } from './problems.ts';
import { isClientFile, type LoadOptions, resolveDocument } from './resolve.ts';
import type { ConfigDocument } from './schema.ts';
import { validate } from './validate.ts';

export interface ReadDocument {
  readonly document: ConfigDocument;
  readonly config: Config;
  /** Further files that are in the document. */
  readonly included: readonly IncludedText[];
}

/** Throws CONFIG_INVALID with all problems of the text. `textOf` has further files as they would be, instead of as they are. */
export function readDocument(text: string, options: LoadOptions, textOf?: TextOf): ReadDocument {
  const kind = isClientFile(options.file) ? 'json' : 'yaml';
  const parsed = parseText(text, kind);
  if ('problems' in parsed) throw invalidConfig(options.file, parsed.problems);
  const validated = validate(parsed.value, kind);
  if ('problems' in validated) {
    const all = [...validated.problems, ...findMore(parsed.value, validated.problems, options)];
    throw located(options.file, all, parsed.locate);
  }
  const merged = mergeIncluded({ document: validated.document, locate: parsed.locate }, options, textOf);
  if ('problems' in merged) throw invalidConfig(options.file, merged.problems);
  const { document, included, locate } = merged;
  const resolved = resolveDocument(document, options);
  if ('problems' in resolved) throw invalidConfig(options.file, resolved.problems.map(locate));
  return { document, included, config: resolved.config };
}

function located(file: string, problems: readonly Problem[], locate: Locate): GatewayError {
  return invalidConfig(
    file,
    problems.map(({ path, at, message }) => ({ ...locate(path, at), message })),
  );
}

/** What is wrong besides the shape, found by resolving what is left without the wrong parts. */
function findMore(value: unknown, shape: readonly Problem[], options: LoadOptions): readonly Problem[] {
  const rest = validate(without(value, shape), isClientFile(options.file) ? 'json' : 'yaml');
  // Names may stand in the other files, which nobody looks into before this one is right.
  if ('problems' in rest || rest.document.include !== undefined) return [];
  const resolved = resolveDocument(rest.document, options);
  if (!('problems' in resolved)) return [];
  const mended = new Set(shape.map(({ path }) => serverOf(path)));
  // Where a part was taken away, a key may seem missing; what is said of values holds all the same.
  return resolved.problems.filter(({ path, at }) => at === 'value' || !mended.has(serverOf(path)));
}

function serverOf(path: KeyPath): string {
  return path.slice(0, 2).join('\0');
}

/** A copy that lacks everything that a problem points at; of a list the whole, for its items are counted. */
function without(value: unknown, problems: readonly Problem[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const { path } of problems) {
    const item = path.findIndex((segment) => typeof segment === 'number');
    const whole = item < 0 ? path : path.slice(0, item);
    const parent = whole
      .slice(0, -1)
      .reduce<unknown>((node, segment) => (isObject(node) ? node[segment] : undefined), copy);
    const last = whole.at(-1);
    if (isObject(parent) && last !== undefined) delete parent[last];
  }
  return copy;
}
