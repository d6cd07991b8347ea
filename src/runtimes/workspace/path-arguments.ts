/** Which arguments of a call are paths: as the entry says, or as the tool's schema shows by names, formats and descriptions. */
import { matchesGlob } from '../../config/tool-filter.ts';
import { GatewayError } from '../../errors.ts';
import { isObject, type Json, type JsonObject } from '../../stdx/json.ts';
import { pointedAt } from '../../stdx/json-pointer.ts';
import { isFileAddress } from './readings.ts';

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

/** Deeper than trees of folders are. */
const DEPTH_MAX = 256;

/**
 * In the order of the arguments. Texts that begin with `file:` or with a root count whatever their name is, and so do the
 * names in an object that has files by their paths. Throws ARGUMENTS_INVALID for what is nested too deep to be looked at.
 */
export function pathArguments(given: Json, finder: ArgumentFinder): PathArgument[] {
  const root = finder.definition?.inputSchema;
  const found: PathArgument[] = [];
  const visit = (value: Json, spot: Spot, depth: number): void => {
    if (depth > DEPTH_MAX) throw tooDeep(spot);
    for (const text of textsOf(value, spot)) if (isPath(text, spot, finder)) found.push({ at: spot.at, text });
    for (const [item, itsSpot] of partsOf(value, spot, root)) visit(item, itsSpot, depth + 1);
  };
  visit(given, { at: '', name: '', schemas: expand([root], root) }, 0);
  return found;
}

/** The text itself, or the names that a caller chose in an object: `files: {"a.txt": "..."}`. */
function textsOf(value: Json, { schemas }: Spot): string[] {
  if (typeof value === 'string') return [value];
  if (!isObject(value)) return [];
  const isDeclared = (name: string) =>
    schemas.some(({ properties }) => isObject(properties) && Object.hasOwn(properties, name));
  return Object.keys(value).filter((name) => !isDeclared(name));
}

function tooDeep({ at }: Spot): GatewayError {
  const where = at.slice(0, 80);
  return new GatewayError('ARGUMENTS_INVALID', `the arguments are nested deeper than ${DEPTH_MAX} levels: ${where}…`, {
    hint: 'Give flatter arguments.',
  });
}

/** Items of a list keep the name of the list: `paths: [...]` are paths. */
function partsOf(value: Json, spot: Spot, root: JsonObject | undefined): [Json, Spot][] {
  if (Array.isArray(value)) {
    const schemas = [...new Set([...spot.schemas, ...expand(spot.schemas.flatMap(itemSchemas), root)])];
    return value.map((item, index) => [item, { ...spot, at: `${spot.at}[${index}]`, schemas }]);
  }
  if (!isObject(value)) return [];
  return Object.entries(value as JsonObject).map(([name, item]) => {
    const own = spot.schemas.flatMap((schema) => propertySchemas(schema, name));
    const schemas = expand(own, root);
    return [item, { at: spot.at === '' ? name : `${spot.at}.${name}`, name, schemas }];
  });
}

function isPath(text: string, spot: Spot, { rules, roots, definition }: ArgumentFinder): boolean {
  const says = rules.findLast((rule) => names(rule.replace(/^!/, ''), spot));
  if (says !== undefined) return !says.startsWith('!');
  if (isFileAddress(text) || roots.some((root) => beginsWith(text, root))) return true;
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
  'path paths pathname abspath relpath file files filename filenames filepath filepaths infile outfile logfile dir dirs dirname basedir rootdir subdir directory directories folder folders cwd workdir'.split(
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
    .split(/[^a-z]+/)
    .filter(Boolean);
}

const names = (pattern: string, { at, name }: Spot) =>
  matchesGlob(name, pattern) || matchesGlob(at.replace(/\[\d+\]/g, ''), pattern);

function propertySchemas(schema: JsonObject, name: string): (Json | undefined)[] {
  const { properties, patternProperties, additionalProperties } = schema;
  if (isObject(properties) && Object.hasOwn(properties, name)) return [(properties as JsonObject)[name]];
  return [additionalProperties, ...(isObject(patternProperties) ? Object.values(patternProperties as JsonObject) : [])];
}

function itemSchemas({ items, prefixItems }: JsonObject): (Json | undefined)[] {
  return [items, ...(Array.isArray(prefixItems) ? prefixItems : [])];
}

/** The schemas themselves and every alternative in them, references into the same document followed; each once, however it is reached. */
function expand(schemas: readonly (Json | undefined)[], root: JsonObject | undefined): JsonObject[] {
  const found = new Set<JsonObject>();
  const waiting = [...schemas];
  for (const schema of waiting) {
    if (!isObject(schema) || found.has(schema as JsonObject)) continue;
    found.add(schema as JsonObject);
    const { $ref, anyOf, oneOf, allOf, then, else: otherwise } = schema as JsonObject;
    for (const list of [anyOf, oneOf, allOf]) if (Array.isArray(list)) waiting.push(...list);
    waiting.push(then, otherwise, typeof $ref === 'string' ? (pointedAt(root, $ref) as Json | undefined) : undefined);
  }
  return [...found];
}
