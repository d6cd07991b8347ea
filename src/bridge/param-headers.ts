/**
 * Arguments that travel as HTTP headers too (`x-mcp-header`, `Mcp-Param-*` of 2026-07-28), so that what stands between a
 * client and a server can route by them without reading bodies: which ones, as what text, and whether both agree.
 */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

export interface HeaderedParam {
  /** Where the argument is, from property to property. */
  readonly path: readonly string[];
  /** Lower case, with the prefix. */
  readonly header: string;
}

/** What a tool declares, or why its definition must not be used. */
export type ParamHeaders = { readonly declared: readonly HeaderedParam[] } | { readonly fault: string };

const KEY = 'x-mcp-header';
const PREFIX = 'mcp-param-';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);
/** What stands here is no schema, but values. */
const NO_SCHEMAS: ReadonlySet<string> = new Set([KEY, 'default', 'const', 'enum', 'examples']);
/** Deep enough for any schema that somebody wrote; not for one that is there to be walked for ever. */
const DEPTH_MAX = 64;

/** Declarations count only where a chain of `properties` leads; anywhere else, or twice, they spoil the definition. */
export function readParamHeaders(inputSchema: JsonObject): ParamHeaders {
  if (!JSON.stringify(inputSchema).includes(KEY)) return { declared: [] };
  const declared: HeaderedParam[] = [];
  const fault = visit(inputSchema, { path: [], isReachable: true }, declared);
  if (fault !== undefined) return { fault };
  const names = new Set(declared.map(({ header }) => header));
  return names.size === declared.length ? { declared } : { fault: 'two arguments have the same header' };
}

interface Position {
  readonly path: readonly string[];
  readonly isReachable: boolean;
}

function visit(node: Json | undefined, at: Position, found: HeaderedParam[]): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  if (at.path.length > DEPTH_MAX) return 'the schema is too deep';
  const own = isObject(node) && KEY in node ? declare(node as JsonObject, at, found) : undefined;
  if (own !== undefined) return own;
  for (const [key, child] of Object.entries(node)) {
    if (NO_SCHEMAS.has(key)) continue;
    const isProperties = key === 'properties' && at.isReachable && isObject(child);
    const fault = isProperties
      ? visitProperties(child as JsonObject, at, found)
      : visit(child, { path: [...at.path, `<${key}>`], isReachable: false }, found);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function visitProperties(properties: JsonObject, { path }: Position, found: HeaderedParam[]): string | undefined {
  for (const [name, child] of Object.entries(properties)) {
    const fault = visit(child, { path: [...path, name], isReachable: true }, found);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function declare(node: JsonObject, { path, isReachable }: Position, found: HeaderedParam[]): string | undefined {
  const name = node[KEY];
  const where = path.join('.') || 'the schema itself';
  if (!isReachable || path.length === 0) return `${where}: ${KEY} stands where no argument is`;
  if (typeof name !== 'string' || !TOKEN.test(name)) return `${where}: ${KEY} is no name of a header`;
  if (!TYPES.has(node.type)) return `${where}: ${KEY} is for text, whole numbers and booleans only`;
  found.push({ path, header: `${PREFIX}${name.toLowerCase()}` });
  return undefined;
}

/** The headers of a call: none for what is absent or null. */
export function headersOf(declared: readonly HeaderedParam[], args: Json | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { path, header } of declared) {
    const text = asText(valueAt(args, path));
    if (text !== undefined) headers[header] = encodeHeaderValue(text);
  }
  return headers;
}

/** How headers and arguments disagree; undefined when they do not. */
export function headerMismatch(
  declared: readonly HeaderedParam[],
  args: Json | undefined,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined {
  for (const { path, header } of declared) {
    const given = headers[header];
    const value = valueAt(args, path);
    const wanted = asText(value);
    if (wanted === undefined && given === undefined) continue;
    const name = path.join('.');
    if (typeof given !== 'string') return `the ${header} header is missing, the argument ${name} is there`;
    if (wanted === undefined) return `the ${header} header is there, the argument ${name} is not`;
    const decoded = decodeHeaderValue(given);
    const isSame = typeof value === 'number' ? isNumber(decoded, value) : decoded === wanted;
    if (!isSame) return `the ${header} header and the argument ${name} differ`;
  }
  return undefined;
}

const isNumber = (text: string | undefined, value: number) =>
  text !== undefined && text.trim() !== '' && Number(text) === value;

function valueAt(args: Json | undefined, path: readonly string[]): Json | undefined {
  let value: Json | undefined = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key] as Json;
  }
  return value;
}

function asText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

const BASE64 = /^=\?base64\?(.*)\?=$/is;

/** What a header cannot carry as it is goes as base64 in a sentinel, and so does what looks like one. */
export function encodeHeaderValue(text: string): string {
  const isPlain = /^[\x20-\x7e]+$/.test(text) && text === text.trim() && !BASE64.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

/** Undefined for base64 that is none. Blanks around it are not part of a header's value. */
export function decodeHeaderValue(value: string): string | undefined {
  const text = value.trim();
  const base64 = BASE64.exec(text)?.[1];
  if (base64 === undefined) return text;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes.toString('utf8') : undefined;
}
