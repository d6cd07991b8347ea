/**
 * Members that some readers take for others: decoders that ignore case (Go's `encoding/json`, unless told otherwise) read `Name` as
 * `name`, and what stands last wins. A rule would then have been asked about one tool while the server runs another.
 */
import { GatewayError } from '../errors.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';

/** What rules, limits and the relay itself go by. */
const MEANT: ReadonlySet<string> = new Set(['name', 'arguments', 'uri', 'ref', 'cursor', '_meta', 'progressToken']);

/** Whether some reader may take this member for one by which it is judged. */
export function isLookAlike(key: string): boolean {
  return !MEANT.has(key) && FOLDED.has(fold(key));
}

/** Both ways, for some letters beyond ASCII fold in one of them: the long s, the Kelvin sign. */
const fold = (key: string) => key.toUpperCase().toLowerCase();

const FOLDED: ReadonlySet<string> = new Set([...MEANT].map(fold));

/** Throws ARGUMENTS_INVALID when there is one among these parameters of a request, or in their `_meta`. */
export function refuseLookAlikes(params: JsonObject): void {
  const found = lookAlikeIn(params);
  if (found === undefined) return;
  throw new GatewayError(
    'ARGUMENTS_INVALID',
    `Some servers would read the member "${found}" as another that differs only in case`,
    {
      hint: 'Spell the members of `params` as the specification does.',
    },
  );
}

export const hasLookAlikes = (params: JsonObject) => lookAlikeIn(params) !== undefined;

function lookAlikeIn(params: JsonObject): string | undefined {
  const { _meta } = params;
  return [...Object.keys(params), ...(isObject(_meta) ? Object.keys(_meta) : [])].find(isLookAlike);
}
