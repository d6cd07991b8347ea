/** What a schema says of a value besides its type, as words between `<` and `>`: `1..100`, `uri`, `1..64 chars`, `unique`. */
import type { Schema } from './merged-schema.ts';
import { toldText } from './told-values.ts';

/** What stands for rules that are there and not told. */
export const UNTOLD = '…';

const FORMAT = /^[\w.-]{1,40}$/;
const MEDIA_TYPE = /^[\w.+-]{1,40}\/[\w.+*-]{1,40}$/;

const KNOWN: ReadonlySet<string> = new Set(['string', 'integer', 'number', 'boolean', 'object', 'array', 'null']);

/** Rules for values of a type, or of any without one that JSON has; those that cannot be told are `UNTOLD`. */
export function valueRules(schema: Schema, type: string | undefined): string[] {
  const isAny = type === undefined || !KNOWN.has(type);
  const isNumber = type === 'integer' || type === 'number';
  return [
    ...(isAny || isNumber ? numberRules(schema) : []),
    ...(isAny || type === 'string' ? textRules(schema) : []),
    ...(isAny || isNumber || type === 'string' ? word(schema.format, FORMAT) : []),
    ...(isAny || type === 'array' ? listRules(schema) : []),
    ...(isAny || type === 'object' ? counted('keys', schema.minProperties, schema.maxProperties) : []),
  ];
}

function numberRules({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: Schema): string[] {
  const low = stricter(bound(minimum), bound(exclusiveMinimum), (inclusive, exclusive) => exclusive >= inclusive);
  const high = stricter(bound(maximum), bound(exclusiveMaximum), (inclusive, exclusive) => exclusive <= inclusive);
  const lowText = low && `${low.isExclusive ? 'above ' : ''}${low.value}`;
  const highText = high && `${high.isExclusive ? 'below ' : ''}${high.value}`;
  return [
    ...(low || high ? [`${lowText ?? ''}..${highText ?? ''}`] : []),
    ...(typeof multipleOf === 'number' ? [`multiple of ${multipleOf}`] : []),
  ];
}

/** None where generators write what any number keeps. */
const bound = (value: unknown) =>
  typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;

interface Bound {
  readonly value: number;
  readonly isExclusive: boolean;
}

function stricter(
  inclusive: number | undefined,
  exclusive: number | undefined,
  isStricter: (inclusive: number, exclusive: number) => boolean,
): Bound | undefined {
  if (exclusive !== undefined && (inclusive === undefined || isStricter(inclusive, exclusive)))
    return { value: exclusive, isExclusive: true };
  return inclusive === undefined ? undefined : { value: inclusive, isExclusive: false };
}

function textRules({ pattern, minLength, maxLength, contentEncoding, contentMediaType }: Schema): string[] {
  return [
    ...(typeof pattern === 'string' ? [patternRule(pattern)] : []),
    ...counted('chars', minLength, maxLength),
    ...word(contentEncoding, FORMAT),
    ...word(contentMediaType, MEDIA_TYPE),
  ];
}

/** Half a pattern says nothing. */
function patternRule(pattern: string): string {
  const { text, isWhole } = toldText(pattern);
  return isWhole ? text : UNTOLD;
}

const listRules = ({ minItems, maxItems, uniqueItems }: Schema): string[] => [
  ...counted('items', minItems, maxItems),
  ...(uniqueItems === true ? ['unique'] : []),
];

const word = (value: unknown, form: RegExp): string[] =>
  typeof value !== 'string' ? [] : [form.test(value) ? value : UNTOLD];

/** `1..3 items`; none where there may be any number of them. */
export function counted(what: string, min: unknown, max: unknown): string[] {
  const [low, high] = [bound(min), bound(max)];
  if ((low ?? 0) <= 0 && high === undefined) return [];
  return [low === high ? `${low} ${what}` : `${low ?? 0}..${high ?? ''} ${what}`];
}
