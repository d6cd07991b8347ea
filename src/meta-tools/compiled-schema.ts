/** Tools' own schemas, compiled to check arguments by. */
import type { Ajv, ErrorObject } from 'ajv';
import type { JsonObject } from '../stdx/json.ts';

export interface CompiledSchema {
  /** What is wrong with arguments; undefined when they fit, as all do where the schema cannot be compiled or is none. */
  problems(params: JsonObject): readonly ErrorObject[] | undefined;
}

const OPTIONS = { strict: false, validateFormats: false, allErrors: true, logger: false, verbose: true } as const;

export class SchemaCompiler {
  /** Which of the two know schemas that are none; each takes as long to get ready as fifty schemas to be compiled. */
  readonly #judges: { older?: Ajv; newer?: Ajv } = {};

  async compile(schema: JsonObject): Promise<CompiledSchema> {
    const { $schema, ...rules } = schema;
    const kind = typeof $schema === 'string' && /draft-0[4-7]/.test($schema) ? 'older' : 'newer';
    const { Ajv } = kind === 'older' ? await import('ajv') : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 };
    const code = hasPattern(rules) ? { regExp: (await import('./linear-patterns.ts')).linearPatterns } : {};
    const isSound = () => {
      this.#judges[kind] ??= new Ajv(OPTIONS);
      return this.#judges[kind].validateSchema(rules) === true;
    };
    try {
      const validate = new Ajv({ ...OPTIONS, code, validateSchema: false }).compile(rules);
      return { problems: (params) => (validate(params) || !isSound() ? undefined : (validate.errors ?? [])) };
    } catch {
      return UNCHECKED;
    }
  }
}

const UNCHECKED: CompiledSchema = { problems: () => undefined };

/** Some that have none seem to, which costs them the time to load what they do not need. */
const hasPattern = (schema: JsonObject) => /"pattern(?:Properties)?":/.test(JSON.stringify(schema));
