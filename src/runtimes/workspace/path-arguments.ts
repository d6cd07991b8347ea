/** Which arguments of a call are paths: as the entry says, or as the tool's schema shows by names, formats and descriptions. */
import { matchesGlob } from '../../config/tool-filter.ts';
import { isObject, type Json, type JsonObject } from '../../stdx/json.ts';

export interface PathArgument {
  /** Such as `edits[0].path`. */
  readonly at: string;
  readonly text: string;
}

export interface ArgumentFinder {
  /** `paths` of the entry: names or globs of arguments that are paths; with `!` in front, that are none. */
  readonly rules: readonly string[];
  /** Folders that the server was told to be its roots, as it sees them: what begins with one of them is a path. */
  readonly roots: readonly string[];
  readonly definition: { readonly description?: string; readonly inputSchema: JsonObject } | undefined;
}

interface Spot {
  readonly at: string;
  /** Name of the property that it is, or is an item of. */
  readonly name: string;
  readonly schemas: readonly JsonObject[];
}

/** Deeper than arguments are; what is nested deeper is not looked at by honest servers either. */
const DEPTH_MAX = 32;

/** In the order of the arguments. Texts that begin with `file:` or with a root count whatever their name is. */
export function pathArguments(given: Json, finder: ArgumentFinder): PathArgument[] {
  const root = finder.definition?.inputSchema;
  const found: PathArgument[] = [];
  const visit = (value: Json, spot: Spot, depth: number): void => {
    if (typeof value === 'string' && isPath(value, spot, finder)) found.push({ at: spot.at, text: value });
    if (depth === DEPTH_MAX) return;
    for (const [item, itsSpot] of partsOf(value, spot, root)) visit(item, itsSpot, depth + 1);
  };
  visit(given, { at: '', name: '', schemas: expand(root, root) }, 0);
  return found;
}

/** Items of a list keep the name of the list: `paths: [...]` are paths. */
function partsOf(value: Json, spot: Spot, root: JsonObject | undefined): [Json, Spot][] {
  if (Array.isArray(value)) {
    const schemas = [...spot.schemas, ...spot.schemas.flatMap((schema) => itemSchemas(schema, root))];
    return value.map((item, index) => [item, { ...spot, at: `${spot.at}[${index}]`, schemas }]);
  }
  if (!isObject(value)) return [];
  return Object.entries(value as JsonObject).map(([name, item]) => {
    const schemas = spot.schemas.flatMap((schema) => propertySchemas(schema, name, root));
    return [item, { at: spot.at === '' ? name : `${spot.at}.${name}`, name, schemas }];
  });
}

function isPath(text: string, spot: Spot, { rules, roots, definition }: ArgumentFinder): boolean {
  const says = rules.findLast((rule) => names(rule.replace(/^!/, ''), spot));
  if (says !== undefined) return !says.startsWith('!');
  if (/^\s*file:/i.test(text) || roots.some((root) => beginsWith(text, root))) return true;
  if (spot.schemas.some(({ format }) => typeof format === 'string' && FORMATS.test(format))) return true;
  const words = wordsOf(spot.name);
  const last = words.at(-1) === 'name' ? words.at(-2) : words.at(-1);
  if (SURE.has(last ?? '')) return true;
  if (!words.some((word) => UNSURE.has(word))) return false;
  const texts = spot.schemas.flatMap(({ title, description }) => [title, description]);
  return [...texts, definition?.description].some((said) => typeof said === 'string' && SPEAKS_OF_FILES.test(said));
}

/** A text of several lines that begins with a path is more than that. */
const beginsWith = (text: string, root: string) =>
  text.startsWith(root) && /^(?:[\\/].*)?$/.test(text.slice(root.length));

const FORMATS = /^(?:(?:file|directory|folder|absolute|relative)[-_]?)?path$|^(?:file|directory|folder)$/i;
const SURE = new Set(
  'path paths file files filename filenames filepath filepaths dir dirs directory directories folder folders cwd workdir'.split(
    ' ',
  ),
);
const UNSURE = new Set(
  'source sources src destination dest dst target from to input output out location root repo repository workspace save document image screenshot name uri url'.split(
    ' ',
  ),
);
const SPEAKS_OF_FILES = /\b(?:paths?|files?|folders?|director(?:y|ies))\b/i;

/** `repoPath`, `repo_path` and `repo-path` alike. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

const names = (pattern: string, { at, name }: Spot) =>
  matchesGlob(name, pattern) || matchesGlob(at.replace(/\[\d+\]/g, ''), pattern);

function propertySchemas(schema: JsonObject, name: string, root: JsonObject | undefined): JsonObject[] {
  const { properties, additionalProperties } = schema;
  const named = isObject(properties) && Object.hasOwn(properties, name) ? (properties as JsonObject)[name] : undefined;
  return expand(named ?? additionalProperties, root);
}

function itemSchemas({ items, prefixItems }: JsonObject, root: JsonObject | undefined): JsonObject[] {
  return [items, ...(Array.isArray(prefixItems) ? prefixItems : [])].flatMap((schema) => expand(schema, root));
}

/** The schema itself and every alternative in it, references into the same document followed. */
function expand(schema: Json | undefined, root: JsonObject | undefined, depth = 0): JsonObject[] {
  if (!isObject(schema) || depth > 8) return [];
  const { $ref, anyOf, oneOf, allOf } = schema as JsonObject;
  const parts = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const referred = typeof $ref === 'string' && root ? [deref($ref, root)] : [];
  return [schema as JsonObject, ...[...parts, ...referred].flatMap((part) => expand(part, root, depth + 1))];
}

function deref(reference: string, root: JsonObject): Json | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let found: Json | undefined = root;
  for (const part of reference.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found = isObject(found) && Object.hasOwn(found, key) ? (found as JsonObject)[key] : undefined;
  }
  return found;
}
