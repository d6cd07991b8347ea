/** When a request is or quotes the name of a tool, that tool comes first whatever the other evidence says. */
import type { ExactNames } from '../lexical/exact-names.ts';
import type { ServerNames } from '../lexical/server-names.ts';

export interface Names {
  readonly tools: ExactNames;
  readonly servers: ServerNames;
}

/** The names in a slot as they are written; undefined for an empty one. */
export type NamesOf = (slot: number) => { readonly name: string; readonly server: string } | undefined;

/**
 * The whole request is the name, letter by letter or in another spelling, with or without its server's; the name stands in the
 * request as an identifier, with its server's or without; the request is the name but for a typo.
 */
const STRENGTH = { letterByLetter: 1.3, whole: 1, quotedWithServer: 0.6, quoted: 0.5, typoWithServer: 0.5, typo: 0.3 };
/** Longer requests than this are prose, not a name typed with spaces. */
const NAME_WORDS = 12;
/**
 * `create_issue`, `github:create_issue`, `createIssue`: what nobody writes unless they mean a name. Tried at the beginning of a
 * run of letters only: at each letter, a word without end would take seconds.
 */
const IDENTIFIER =
  /(?<![\p{L}\p{N}])[\p{L}\p{N}]+(?:[_:./-]+[\p{L}\p{N}]+)+|(?<!\p{Ll})\p{Ll}+(?:\p{Lu}[\p{Ll}\p{N}]*)+/gu;
/** A bound on the work that one request can ask for. */
const IDENTIFIERS_MAX = 32;

/** Slot to strength of the claim, for the named tools only. */
export function namedTools(request: string, names: Names, namesOf: NamesOf): Map<number, number> {
  const { tools } = names;
  const found = new Map<number, number>();
  const claim = (slots: readonly number[], strength: number) => {
    for (const slot of slots) found.set(slot, Math.max(strength, found.get(slot) ?? 0));
  };
  const withServer = (text: string, find: (name: string) => readonly number[]) =>
    ofServer(text, names, { namesOf, find });
  const exactly = (name: string) => tools.find(name);
  const isShort = request.split(/\s+/, NAME_WORDS + 1).length <= NAME_WORDS;
  if (isShort) claim([...tools.find(request), ...withServer(request, exactly)], STRENGTH.whole);
  claim(
    [...found.keys()].filter((slot) => namesOf(slot)?.name === request.trim()),
    STRENGTH.letterByLetter,
  );
  for (const identifier of identifiers(request)) {
    claim(withServer(identifier, exactly), STRENGTH.quotedWithServer);
    claim(tools.find(identifier), STRENGTH.quoted);
  }
  if (isShort && found.size === 0) {
    claim(tools.findWithTypo(request), STRENGTH.typo);
    claim(
      withServer(request, (name) => tools.findWithTypo(name)),
      STRENGTH.typoWithServer,
    );
  }
  return found;
}

interface Lookup {
  readonly namesOf: NamesOf;
  readonly find: (name: string) => readonly number[];
}

/** Tools that the text names together with their server. */
function ofServer(text: string, { servers }: Names, { namesOf, find }: Lookup): number[] {
  return [...servers.split(text)].flatMap(({ server, tool }) =>
    find(tool).filter((slot) => servers.keyOf(namesOf(slot)?.server ?? '') === server),
  );
}

/** `github:create_issue` may be the name itself or a server with its tool, so its tail counts too. */
function identifiers(request: string): string[] {
  const whole = request.slice(0, 4_000).match(IDENTIFIER) ?? [];
  const tails = whole.flatMap((identifier) => identifier.split(/[:/.]+/).slice(-1));
  const telling = new Set([...whole, ...tails.filter((tail) => /[_-]|\p{Ll}\p{Lu}/u.test(tail))]);
  return [...telling].slice(0, IDENTIFIERS_MAX);
}
