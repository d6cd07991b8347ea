/** Tools' own schemas, compiled to check arguments by. */
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import type { JsonObject } from '../stdx/json.ts';
import { checkCost, comparisons, compileCost } from './check-cost.ts';

export interface CompiledSchema {
  /** What is wrong with arguments; undefined when they fit, as all do where the schema cannot be compiled, is none, is very long, or would take long. */
  problems(params: JsonObject): readonly ErrorObject[] | undefined;
  /** Whether arguments were checked and fit; where nothing is checked, nothing is proved. */
  readonly proves: (params: JsonObject) => boolean;
}

const OPTIONS = {
  strict: false,
  validateFormats: false,
  allErrors: true,
  logger: false,
  verbose: true,
  // What is longer is compiled once instead of wherever a reference stands: seconds, where many do.
  inlineRefs: 10,
} as const;

export class SchemaCompiler {
  /** Which of the two know schemas that are none; each takes as long to get ready as fifty schemas to be compiled. */
  readonly #judges: { older?: Ajv; newer?: Ajv } = {};

  async compile(schema: JsonObject): Promise<CompiledSchema> {
    // `$async` is ajv's own: such a check would fail after it was asked, when nobody listens.
    const { $schema, $async: _, ...rules } = schema;
    const kind = typeof $schema === 'string' && /draft-0[4-7]/.test($schema) ? 'older' : 'newer';
    const { Ajv } = kind === 'older' ? await import('ajv') : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 };
    const text = JSON.stringify(rules);
    if (text.length > TEXT_MAX || compileCost(rules) > COMPILING_MAX) return UNCHECKED;
    const patterns = PATTERN.test(text) ? (await import('./linear-patterns.ts')).linearPatterns() : undefined;
    const code = patterns ? { regExp: patterns.engine } : {};
    const isSound = () => {
      this.#judges[kind] ??= new Ajv(OPTIONS);
      return this.#judges[kind].validateSchema(rules) === true;
    };
    // Nothing but references makes more work than a schema is long.
    const hasReferences = REFERENCE.test(text);
    const uniqueLists = text.match(UNIQUE)?.length ?? 0;
    const isCostly = (params: JsonObject, share = 1) =>
      (hasReferences && checkCost(rules, params) > COST_MAX * share) ||
      (uniqueLists > 0 && uniqueLists * comparisons(params) > COMPARISONS_MAX * share) ||
      (patterns !== undefined && patterns.size() * JSON.stringify(params).length > MATCHING_MAX * share);
    try {
      const validate = new Ajv({ ...OPTIONS, code, validateSchema: false }).compile(rules);
      const fits = (params: JsonObject) => isCostly(params) || (judged(validate, params) ?? true) || !isSound();
      return {
        problems: (params) => (fits(params) ? undefined : (validate.errors ?? [])),
        proves: (params) => !isCostly(params, PROOF_SHARE) && judged(validate, params) === true,
      };
    } catch {
      return UNCHECKED;
    }
  }
}

/** Undefined where thousands of alternatives make code too deep for the stack, which shows when it first runs. */
function judged(validate: ValidateFunction, params: JsonObject): boolean | undefined {
  try {
    return validate(params);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const UNCHECKED: CompiledSchema = { problems: () => undefined, proves: () => false };

/** Characters; honest schemas have a fifth of it. Longer ones take seconds to get ready, in which nobody is served. */
const TEXT_MAX = 128 * 1024;
/** Two hundred alternatives in one list; honest schemas have a dozen. */
const COMPILING_MAX = 200 ** 2;
/** What takes longer is left to the server: it wrote the schema, and nobody else waits for it there. */
const COST_MAX = 20_000;
/** Of members of lists with each other; some 300 of them. */
const COMPARISONS_MAX = 100_000;
/** Of steps of patterns with characters; a text of a megabyte for a pattern like that of a UUID. */
const MATCHING_MAX = 50_000_000;

/** Of all these for one of the many examples that may have to be tried. */
const PROOF_SHARE = 0.05;

/** Some schemas that have none seem to, which costs them a little time. */
const PATTERN = /"pattern(?:Properties)?":/;
const UNIQUE = /"uniqueItems":true/g;
const REFERENCE = /"\$(?:ref|dynamicRef|recursiveRef)":/;
