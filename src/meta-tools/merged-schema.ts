/** A schema laid over what it refers to and consists of, so that whoever describes it or makes values for it finds each rule in one place. */
import { isObject } from '../stdx/json.ts';
import { pointedAt } from '../stdx/json-pointer.ts';
import { commonTypes, commonValues } from './common-values.ts';
import { type Steps, take } from './steps.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** `anyOf`, or `oneOf`, of which exactly one may fit. */
export interface Choice {
  readonly isExclusive: boolean;
  readonly variants: readonly unknown[];
}

export interface Merged {
  /** What values must be like; what the other members tell is not in it. */
  readonly schema: Schema;
  /** Undefined for any; none where nothing fits. */
  readonly types: readonly string[] | undefined;
  /** What it must be one of; undefined for anything. */
  readonly values: readonly unknown[] | undefined;
  /** Each must be kept besides. */
  readonly choices: readonly Choice[];
  /** Parts with what cannot be laid over each other: a second pattern, `not`, `if` with its `then`, and the like. */
  readonly rules: readonly Schema[];
  /** False where something could not be found, or told from what contradicts it. */
  readonly isWhole: boolean;
}

export interface MergeLimits {
  /** What references point into. */
  readonly root: unknown;
  /** References to themselves make endless schemas of a few; none is looked at without a step left. */
  readonly steps: Steps;
}

/** Of `true`, `false` and what is no schema, too. */
export function mergedSchema(schema: unknown, limits: MergeLimits): Merged {
  const layers = new Layers(limits);
  layers.lay(schema, 0);
  return layers;
}

/** References behind references and parts of parts; honest schemas need two or three. */
const HOPS_MAX = 8;
const REFERENCE_CHARACTERS_MAX = 1_000;
/** JSON has seven. */
const TYPES_MAX = 20;

interface Word {
  readonly keyword: string;
  readonly value: unknown;
  readonly way: Way;
}

class Layers implements Merged {
  readonly schema: Record<string, unknown> = {};
  types: readonly string[] | undefined = undefined;
  values: readonly unknown[] | undefined = undefined;
  readonly choices: Choice[] = [];
  readonly rules: Schema[] = [];
  isWhole = true;
  readonly #limits: MergeLimits;
  /** Those of several layers; the next one's are added to them. */
  #properties: Record<string, unknown> | undefined;
  #required: string[] | undefined;

  constructor(limits: MergeLimits) {
    this.#limits = limits;
  }

  lay(schema: unknown, hops: number): void {
    if (schema === false) this.types = [];
    if (!isObject(schema)) return;
    const { $ref, $dynamicRef, $recursiveRef, allOf } = schema;
    const { steps } = this.#limits;
    const isTooMuch = hops > HOPS_MAX || steps.left <= 0;
    if (isTooMuch || ($dynamicRef ?? $recursiveRef) !== undefined) this.isWhole = false;
    if (isTooMuch) return;
    steps.left -= 1;
    if ($ref !== undefined) this.#layReferred($ref, hops);
    if (Array.isArray(allOf)) this.#layAll(allOf, hops);
    this.#layOwn(inNewestWords(schema));
  }

  #layReferred(reference: unknown, hops: number): void {
    const isReadable = typeof reference === 'string' && reference.length <= REFERENCE_CHARACTERS_MAX;
    const target = isReadable ? pointedAt(this.#limits.root, reference) : undefined;
    take(this.#limits.steps, reference);
    if (target === undefined) this.isWhole = false;
    else this.lay(target, hops + 1);
  }

  #layAll(schemas: readonly unknown[], hops: number): void {
    take(this.#limits.steps, schemas);
    for (const schema of schemas) this.lay(schema, hops + 1);
  }

  #layOwn(own: Schema): void {
    if (isForeign(this, { schema: own }) || isForeign({ schema: own }, this)) this.isWhole = false;
    const besides: Schema[] = [];
    let hasRules = false;
    for (const keyword in own) {
      const value = own[keyword];
      const way = value === undefined ? undefined : WAYS.get(keyword);
      if (way === undefined) continue;
      take(this.#limits.steps, value);
      if (way === 'rule') hasRules = true;
      else if (way === 'apart') this.#layApart(keyword, value);
      else this.#layWord({ keyword, value, way }, besides);
    }
    if (hasRules) this.rules.push(...rulesIn(own));
    this.rules.push(...besides);
  }

  /** The other word goes to `besides` where both must be kept. */
  #layWord({ keyword, value, way }: Word, besides: Schema[]): void {
    const other = this.schema[keyword];
    this.schema[keyword] = other !== undefined && typeof way === 'function' ? way(other, value) : value;
    if (other === undefined || other === value) return;
    if (way === 'one') this.isWhole = false;
    else if (way === 'both') besides.push({ [keyword]: other });
  }

  /** What is no word on the values alone. */
  #layApart(keyword: string, value: unknown): void {
    if (keyword === 'properties') this.#layProperties(value);
    else if (keyword === 'required') this.#layRequired(value);
    else if (keyword === 'type') this.#layTypes(value);
    else if (keyword === 'const') this.#layValues([value]);
    else if (!Array.isArray(value)) return;
    else if (keyword === 'enum') this.#layValues(value);
    else this.choices.push({ isExclusive: keyword === 'oneOf', variants: value });
  }

  #layTypes(given: unknown): void {
    const types = Array.isArray(given) ? given.slice(0, TYPES_MAX).flatMap(typeWord) : typeWord(given);
    if (types.length < (Array.isArray(given) ? given.length : 1)) this.isWhole = false;
    if (types.length > 0) this.types = this.types ? commonTypes(this.types, types) : types;
  }

  #layValues(values: readonly unknown[]): void {
    this.values = this.values ? commonValues(this.values, values, this.#limits.steps) : values;
  }

  #layRequired(above: unknown): void {
    const below = this.schema.required;
    if (below !== undefined) {
      this.#required ??= [...namesIn(below)];
      for (const name of namesIn(above)) this.#required.push(name);
    }
    this.schema.required = this.#required ?? above;
  }

  #layProperties(above: unknown): void {
    const below = this.schema.properties;
    if (!isObject(below) || !isObject(above)) {
      this.schema.properties = above;
      return;
    }
    // Without a prototype every name is one like any other.
    this.#properties ??= Object.assign(Object.create(null) as Record<string, unknown>, below);
    for (const [name, schema] of Object.entries(above)) {
      const other = this.#properties[name];
      this.#properties[name] = other === undefined ? schema : both(other, schema);
    }
    this.schema.properties = this.#properties;
  }
}

/** Of what is no type of JSON (`str, optional`) the first word, which says more than nothing. */
const WORD = /^[\w.]{1,40}(?:\[[\w.]{0,40}\])?/;

function typeWord(type: unknown): string[] {
  const [word] = typeof type === 'string' ? (WORD.exec(type) ?? []) : [];
  return word === undefined ? [] : [word];
}

type Join = (below: unknown, above: unknown) => unknown;

const both: Join = (below, above) => (below === above ? above : { allOf: [below, above] });
const larger: Join = (below, above) => Math.max(numberOr(below, -Infinity), numberOr(above, -Infinity));
const smaller: Join = (below, above) => Math.min(numberOr(below, Infinity), numberOr(above, Infinity));

/** Rules that stand beside each other, however many there are. */
const RULES: readonly (readonly string[])[] = [
  ['not'],
  ['if', 'then', 'else'],
  ['dependentRequired'],
  ['dependentSchemas'],
  ['dependencies'],
  ['contains', 'minContains', 'maxContains'],
  ['propertyNames'],
  ['patternProperties'],
];

/** How two parts' words on the same are one: made one, told `both`, only `one` of them told, or the upper one's taken. Other keywords are not read. */
const WAYS: ReadonlyMap<string, Way> = new Map([
  ...waysOf('type enum const anyOf oneOf properties required', 'apart'),
  ...waysOf(RULES.flat().join(' '), 'rule'),
  ...waysOf('pattern format multipleOf contentEncoding contentMediaType', 'both'),
  ...waysOf('prefixItems', 'one'),
  ...waysOf('nullable default examples example', 'upper'),
  ...waysOf('items additionalProperties', both),
  ...waysOf('minimum exclusiveMinimum minLength minItems minProperties', larger),
  ...waysOf('maximum exclusiveMaximum maxLength maxItems maxProperties', smaller),
  ...waysOf('uniqueItems', (below, above) => below === true || above === true),
]);

type Way = Join | 'both' | 'one' | 'upper' | 'apart' | 'rule';

function waysOf(keywords: string, way: Way): [string, Way][] {
  return keywords.split(' ').map((keyword) => [keyword, way]);
}

const rulesIn = (own: Schema): Schema[] =>
  RULES.filter(([first = '']) => own[first] !== undefined).map((keywords) =>
    Object.fromEntries(keywords.flatMap((name) => (name in own ? [[name, own[name]]] : []))),
  );

/** What older drafts and `unevaluated…` say, in the words of the newest draft. */
function inNewestWords(given: Schema): Schema {
  const { items, exclusiveMinimum, exclusiveMaximum } = given;
  const { unevaluatedProperties, unevaluatedItems } = given;
  const isNewest = !Array.isArray(items) && exclusiveMinimum !== true && exclusiveMaximum !== true;
  if (isNewest && unevaluatedProperties === undefined && unevaluatedItems === undefined) return given;
  const schema: Record<string, unknown> = { ...given };
  if (Array.isArray(items)) Object.assign(schema, { prefixItems: items, items: schema.additionalItems });
  schema.items ??= unevaluatedItems;
  // That nothing else may be given is what readers of a list of parameters take for granted.
  if (isObject(unevaluatedProperties)) schema.additionalProperties ??= unevaluatedProperties;
  if (exclusiveMinimum === true) Object.assign(schema, { exclusiveMinimum: schema.minimum, minimum: undefined });
  if (exclusiveMaximum === true) Object.assign(schema, { exclusiveMaximum: schema.maximum, maximum: undefined });
  return schema;
}

export const numberOr = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise);

/** Whether one part forbids parameters that the other brings. */
export function isForeign(
  { schema: strict }: Pick<Merged, 'schema'>,
  { schema: other }: Pick<Merged, 'schema'>,
): boolean {
  const { additionalProperties, properties } = strict;
  if (additionalProperties === undefined || additionalProperties === true) return false;
  const known = isObject(properties) ? properties : {};
  const brought = [...(isObject(other.properties) ? Object.keys(other.properties) : []), ...requiredOf(other)];
  return brought.some((name) => !Object.hasOwn(known, name));
}

const namesIn = (names: unknown): string[] =>
  Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];

/** Names, some of them more than once in schemas that do so. */
export const requiredOf = ({ required }: Schema): string[] => namesIn(required);

/** The same as a schema again, without the choices. */
export function asSchema({ schema, types, values, rules }: Merged): Schema {
  return {
    ...schema,
    ...(types ? { type: types } : {}),
    ...(values ? { enum: values } : {}),
    ...(rules.length > 0 ? { allOf: rules } : {}),
  };
}
