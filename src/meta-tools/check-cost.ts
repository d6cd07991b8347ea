/** How long a check of arguments can take: a server writes the schema, and alternatives of alternatives double the work each time. */
import { isObject, type Json } from '../stdx/json.ts';
import { pointedAt } from '../stdx/json-pointer.ts';

/** Schemas that a validator looks at, at most; Infinity where that cannot be told, or one leads back to itself. */
export function checkCost(schema: object, value: Json): number {
  const { nodes, depth } = measured(value, 0);
  return nodes * new Reckoning(schema).of(schema, { depth, level: 0 });
}

/** Values that are compared, at most, to know that no two members of any list in this one are alike. */
export function comparisons(value: Json): number {
  return measured(value, 0).comparisons;
}

/** How long it takes to compile a schema, beside its length: each part of a list of parts is compared with those before it. */
export function compileCost(schema: unknown, isByName = false): number {
  if (typeof schema !== 'object' || schema === null) return 0;
  let cost = 0;
  for (const [keyword, given] of Object.entries(schema)) {
    if (Array.isArray(given) && (isByName || LISTS.has(keyword))) cost += given.length ** 2;
    cost += compileCost(given, NAMES.has(keyword));
  }
  return cost;
}

const LISTS = keywords('allOf anyOf oneOf');
const NAMES = keywords('dependentRequired dependencies');

interface Measures {
  readonly nodes: number;
  readonly depth: number;
  readonly comparisons: number;
}

function measured(value: Json, level: number): Measures {
  if (typeof value !== 'object' || value === null || level > LEVELS_MAX)
    return { nodes: 1, depth: level, comparisons: 0 };
  let [nodes, depth, comparisons] = [1, level, 0];
  const parts = Object.values(value);
  for (const part of parts) {
    const inner = measured(part, level + 1);
    nodes += inner.nodes;
    depth = Math.max(depth, inner.depth);
    comparisons += inner.comparisons;
  }
  if (Array.isArray(value)) comparisons += parts.length * nodes;
  return { nodes, depth, comparisons };
}

/** Of schemas in each other, and of values; deeper ones are nobody's honest ones. */
const LEVELS_MAX = 500;

/** Keywords whose schemas are applied to the same value, to parts of it, and which of both have schemas by name. */
const SAME = keywords('allOf anyOf oneOf not if then else dependentSchemas dependencies');
const PARTS = keywords(
  'properties patternProperties additionalProperties unevaluatedProperties propertyNames items prefixItems additionalItems unevaluatedItems contains',
);
const BY_NAME = keywords('dependentSchemas dependencies properties patternProperties');

function keywords(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

/** They lead to wherever the check has come from. */
const DYNAMIC = ['$dynamicRef', '$recursiveRef'];

interface Place {
  /** Levels of the value below this one. */
  readonly depth: number;
  /** Schemas above this one. */
  readonly level: number;
}

class Reckoning {
  readonly #root: object;
  /** By schema, then by depth. */
  readonly #known = new Map<object, number[]>();

  constructor(root: object) {
    this.#root = root;
  }

  of(schema: unknown, { depth, level }: Place): number {
    if (!isObject(schema)) return 1;
    const byDepth = this.#known.get(schema) ?? [];
    const known = byDepth[depth];
    if (known !== undefined) return known;
    this.#known.set(schema, byDepth);
    // Whoever comes back to it for the same value comes back for ever.
    byDepth[depth] = Number.POSITIVE_INFINITY;
    const cost = level > LEVELS_MAX ? Number.POSITIVE_INFINITY : this.#sum(schema, { depth, level: level + 1 });
    byDepth[depth] = cost;
    return cost;
  }

  #sum(schema: Record<string, unknown>, place: Place): number {
    if (DYNAMIC.some((name) => schema[name] !== undefined)) return Number.POSITIVE_INFINITY;
    let cost = 1;
    for (const [keyword, given] of Object.entries(schema)) {
      if (keyword === '$ref' && typeof given === 'string') cost += this.#referred(given, place);
      else if (SAME.has(keyword)) cost += this.#applied(keyword, given, place);
      else if (PARTS.has(keyword) && place.depth > 0)
        cost += this.#applied(keyword, given, { ...place, depth: place.depth - 1 });
    }
    return cost;
  }

  #referred(reference: string, place: Place): number {
    const target = pointedAt(this.#root, reference);
    return target === undefined ? Number.POSITIVE_INFINITY : this.of(target, place);
  }

  #applied(keyword: string, given: unknown, place: Place): number {
    const isNamed = BY_NAME.has(keyword) && isObject(given);
    const schemas: unknown[] = Array.isArray(given) ? given : isNamed ? Object.values(given) : [given];
    return schemas.reduce<number>((sum, each) => sum + this.of(each, place), 0);
  }
}
