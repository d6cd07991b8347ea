/** When a request is or quotes the name of a tool, that tool comes first whatever the other evidence says. */
import type { ExactNames } from '../lexical/exact-names.ts';

/** The whole request is the name, letter by letter or in another spelling; the name stands in the request as an identifier; the request is the name but for a typo. */
const STRENGTH = { letterByLetter: 1.3, whole: 1, quoted: 0.5, typo: 0.3 };
/** Longer requests than this are prose, not a name typed with spaces. */
const NAME_WORDS = 8;
/** `create_issue`, `github:create_issue`, `createIssue`: what nobody writes unless they mean a name. */
const IDENTIFIER = /[\p{L}\p{N}]+(?:[_:./-]+[\p{L}\p{N}]+)+|\p{Ll}+(?:\p{Lu}[\p{Ll}\p{N}]*)+/gu;

/** Slot to strength of the claim, for the named tools only. `nameOf` gives the name of a slot as it is written. */
export function namedTools(request: string, names: ExactNames, nameOf: (slot: number) => string): Map<number, number> {
  const found = new Map<number, number>();
  const claim = (slots: readonly number[], strength: number) => {
    for (const slot of slots) found.set(slot, Math.max(strength, found.get(slot) ?? 0));
  };
  const isShort = request.split(/\s+/, NAME_WORDS + 1).length <= NAME_WORDS;
  if (isShort) claim(names.find(request), STRENGTH.whole);
  claim(
    [...found.keys()].filter((slot) => nameOf(slot) === request.trim()),
    STRENGTH.letterByLetter,
  );
  for (const identifier of identifiers(request)) claim(names.find(identifier), STRENGTH.quoted);
  if (isShort && found.size === 0) claim(names.findWithTypo(request), STRENGTH.typo);
  return found;
}

/** `github:create_issue` may be the name itself or a server with its tool, so its tail counts too. */
function identifiers(request: string): string[] {
  const whole = request.slice(0, 4_000).match(IDENTIFIER) ?? [];
  const tails = whole.flatMap((identifier) => identifier.split(/[:/.]+/).slice(-1));
  return [...new Set([...whole, ...tails.filter((tail) => /[_-]|\p{Ll}\p{Lu}/u.test(tail))])];
}
