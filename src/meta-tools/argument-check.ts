/** Checks arguments against a tool's own schema before anything starts, and mends what is obviously meant. */
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { StoredTool } from '../catalog/catalog.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { coerce } from './coerce.ts';

export type CheckedArguments =
  | { readonly fits: true; readonly params: JsonObject }
  | { readonly fits: false; readonly params: JsonObject; readonly problems: readonly Problem[] };

export interface Problem {
  /** JSON pointer; empty for the arguments themselves. */
  readonly path: string;
  readonly message: string;
  readonly keyword: string;
  /** The parameter that is missing or unknown, where that is the problem. */
  readonly parameter: string | undefined;
}

/** Compiled validators, by the hash of the tool's definition. */
export class ArgumentChecker {
  readonly #compiled = new Map<string, ValidateFunction | undefined>();

  /** A schema that cannot be compiled (a remote `$ref`, a pattern that looks around) checks nothing: the server itself will. */
  async check(tool: StoredTool, params: JsonObject): Promise<CheckedArguments> {
    const validate = await this.#validator(tool);
    if (!validate || validate(params)) return { fits: true, params };
    const mended = coerce(params, validate.errors ?? []);
    if (validate(mended)) return { fits: true, params: mended };
    return { fits: false, params: mended, problems: (validate.errors ?? []).slice(0, PROBLEMS_MAX).map(toProblem) };
  }

  /** Whether they fit as they are; undefined where that takes compiling its schema first. */
  fitsNow(tool: StoredTool, params: JsonObject): boolean | undefined {
    if (!this.#compiled.has(tool.hash)) return undefined;
    const validate = this.#compiled.get(tool.hash);
    return !validate || validate(params);
  }

  async #validator(tool: StoredTool): Promise<ValidateFunction | undefined> {
    if (this.#compiled.has(tool.hash)) return this.#compiled.get(tool.hash);
    const validate = await compile(tool.definition.inputSchema);
    if (this.#compiled.size >= COMPILED_MAX) this.#compiled.delete([...this.#compiled.keys()][0] ?? '');
    this.#compiled.set(tool.hash, validate);
    return validate;
  }
}

const PROBLEMS_MAX = 8;
/** A compiled schema is some 20 KB; agents use few tools at a time. */
const COMPILED_MAX = 500;

async function compile(schema: JsonObject): Promise<ValidateFunction | undefined> {
  const { $schema, ...rules } = schema;
  const older = typeof $schema === 'string' && /draft-0[4-7]/.test($schema);
  const { Ajv } = older ? await import('ajv') : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 };
  try {
    const common = { strict: false, validateFormats: false, allErrors: true, logger: false, verbose: true } as const;
    const code = hasPattern(rules) ? { regExp: (await import('./linear-patterns.ts')).linearPatterns } : {};
    return new Ajv({ ...common, code }).compile(rules);
  } catch {
    return undefined;
  }
}

/** Some that have none seem to, which costs them the time to load what they do not need. */
const hasPattern = (schema: JsonObject) => /"pattern(?:Properties)?":/.test(JSON.stringify(schema));

function toProblem(error: ErrorObject): Problem {
  const parameter: unknown = error.params.missingProperty ?? error.params.additionalProperty;
  return {
    path: error.instancePath,
    keyword: error.keyword,
    parameter: typeof parameter === 'string' ? parameter : undefined,
    message: messageOf(error),
  };
}

function messageOf({ keyword, message, params, data }: ErrorObject): string {
  if (keyword === 'enum') return `must be one of ${short(params.allowedValues)}, got ${short(data)}`;
  if (keyword === 'const') return `must be ${short(params.allowedValue)}, got ${short(data)}`;
  if (keyword === 'type') return `${message ?? 'has the wrong type'}, got ${short(data)}`;
  return message ?? keyword;
}

/** A value as JSON, cut. */
export function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

/** A value that this schema accepts as far as can be told from type, enum, default and examples. */
export function sample(schema: unknown): Json {
  if (!isObject(schema)) return 'value';
  const given = [schema.default, schema.const, first(schema.examples), first(schema.enum)].find((x) => x !== undefined);
  if (given !== undefined) return given as Json;
  const variant = first(schema.anyOf) ?? first(schema.oneOf);
  if (variant !== undefined) return sample(variant);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object') return sampleObject(schema);
  if (type === 'array') return [sample(schema.items)];
  if (type === 'integer' || type === 'number') return typeof schema.minimum === 'number' ? schema.minimum : 1;
  return type === 'boolean' ? true : type === 'null' ? null : 'text';
}

/** Only what is required. */
export function sampleObject(schema: Record<string, unknown>): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  return Object.fromEntries(required.map((name) => [name, sample(properties[name])]));
}

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
