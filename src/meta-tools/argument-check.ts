/** Checks arguments against a tool's own schema before anything starts, and mends what is obviously meant. */
import type { ErrorObject } from 'ajv';
import type { StoredTool } from '../catalog/catalog.ts';
import type { JsonObject } from '../stdx/json.ts';
import { coerce } from './coerce.ts';
import { type CompiledSchema, SchemaCompiler } from './compiled-schema.ts';

export type CheckedArguments =
  | { readonly fits: true; readonly params: JsonObject }
  | ({ readonly fits: false } & WrongArguments);

export interface WrongArguments {
  /** As they were given, mended as far as they can be. */
  readonly params: JsonObject;
  readonly problems: readonly Problem[];
  /** Whether others are known to fit; false where that cannot be told. */
  readonly proves: (params: JsonObject) => boolean;
}

export interface Problem {
  /** JSON pointer; empty for the arguments themselves. */
  readonly path: string;
  readonly message: string;
  readonly keyword: string;
  /** The parameter that is missing or unknown, where that is the problem. */
  readonly parameter: string | undefined;
}

/** Compiled schemas, by the hash of the tool's definition. */
export class ArgumentChecker {
  readonly #compiler = new SchemaCompiler();
  readonly #compiled = new Map<string, CompiledSchema | Promise<CompiledSchema>>();

  /** A schema that cannot be compiled (a remote `$ref`, a pattern that looks around) checks nothing: the server itself will. */
  async check(tool: StoredTool, params: JsonObject): Promise<CheckedArguments> {
    const schema = await (this.#compiled.get(tool.hash) ?? this.#compile(tool));
    const wrong = schema.problems(params);
    if (!wrong) return { fits: true, params };
    const mended = coerce(params, wrong);
    const left = schema.problems(mended);
    if (!left) return { fits: true, params: mended };
    return { fits: false, params: mended, problems: left.slice(0, PROBLEMS_MAX).map(toProblem), proves: schema.proves };
  }

  /** What `proves` is for arguments that are no object at all. */
  async prover(tool: StoredTool): Promise<WrongArguments['proves']> {
    return (await (this.#compiled.get(tool.hash) ?? this.#compile(tool))).proves;
  }

  /** Whether they fit as they are; undefined where that takes compiling its schema first. */
  fitsNow(tool: StoredTool, params: JsonObject): boolean | undefined {
    const schema = this.#compiled.get(tool.hash);
    return schema === undefined || schema instanceof Promise ? undefined : schema.problems(params) === undefined;
  }

  /** Once, however many wait for it. */
  #compile({ hash, definition }: StoredTool): Promise<CompiledSchema> {
    if (this.#compiled.size >= COMPILED_MAX) this.#compiled.delete([...this.#compiled.keys()][0] ?? '');
    const compiling = this.#compiler.compile(definition.inputSchema);
    this.#compiled.set(hash, compiling);
    const keep = (schema: CompiledSchema) => {
      if (this.#compiled.get(hash) === compiling) this.#compiled.set(hash, schema);
    };
    // A failure is that of loading the library, and the next call may have more luck.
    const forget = () => this.#compiled.delete(hash);
    void compiling.then(keep, forget);
    return compiling;
  }
}

const PROBLEMS_MAX = 8;
/** A compiled schema is some 20 KB; agents use few tools at a time. */
const COMPILED_MAX = 500;

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
  // It may quote a pattern, which a server writes as long as it likes.
  return (message ?? keyword).slice(0, MESSAGE_CHARACTERS_MAX);
}

const MESSAGE_CHARACTERS_MAX = 300;

/** A value as JSON, cut. */
export function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
