/** Finds the tool whose name somebody typed, in whatever spelling: `create_issue`, `createIssue`, `create issue`, `craete-issue`. */
import { isOneSlipAway } from './near-words.ts';
import { foldAccents } from './words.ts';

const ASCII = /^[\x20-\x7e]*$/;
/** Shorter names than this are not guessed at: a typo would make them another word. */
const SHORTEST_WITH_TYPO = 5;

/** Names are compared by letters and digits only. Slots belong to the caller. */
export class ExactNames {
  readonly #slots = new Map<string, Set<number>>();
  readonly #pieces = new Map<string, Set<string>>();

  add(slot: number, name: string): void {
    const key = nameKey(name);
    if (key === '') return;
    const slots = this.#slots.get(key);
    if (slots) slots.add(slot);
    else {
      this.#slots.set(key, new Set([slot]));
      for (const piece of pieces(key, key.length)) addTo(this.#pieces, piece, key);
    }
  }

  remove(slot: number, name: string): void {
    const key = nameKey(name);
    const slots = this.#slots.get(key);
    if (!slots?.delete(slot) || slots.size > 0) return;
    this.#slots.delete(key);
    for (const piece of pieces(key, key.length)) {
      const names = this.#pieces.get(piece);
      if (names?.delete(key) && names.size === 0) this.#pieces.delete(piece);
    }
  }

  /** Tools of exactly this name. */
  find(name: string): readonly number[] {
    return [...(this.#slots.get(nameKey(name)) ?? [])];
  }

  /** Tools whose name is one slip of a typist away: a letter more, less, other, or two neighbours swapped. */
  findWithTypo(name: string): readonly number[] {
    const key = nameKey(name);
    if (key.length < SHORTEST_WITH_TYPO) return [];
    const found = new Set<number>();
    for (const candidate of this.#similar(key)) {
      if (!isOneSlipAway(key, candidate)) continue;
      for (const slot of this.#slots.get(candidate) ?? []) found.add(slot);
    }
    return [...found];
  }

  *#similar(key: string): IterableIterator<string> {
    for (const length of [key.length - 1, key.length, key.length + 1]) {
      for (const piece of pieces(key, length)) yield* this.#pieces.get(piece) ?? [];
    }
  }
}

/** Letters and digits only, lower case, without accents; a name that has none of them stays as it is. */
export function nameKey(name: string): string {
  const plain = ASCII.test(name) ? name.toLowerCase().replace(/[^a-z0-9]+/g, '') : lettersAndDigits(name);
  return plain === '' ? name.trim() : plain;
}

const lettersAndDigits = (name: string) =>
  foldAccents(name)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/**
 * The first and the last third of a name of `length` letters, as they would stand in `key`. One slip changes one place
 * or two neighbouring ones, so that at least one of the two thirds stays whole (the pigeonhole filter of Wu and Manber).
 */
function pieces(key: string, length: number): [string, string] {
  const third = Math.floor(length / 3);
  return [`<${length}:${key.slice(0, third)}`, `>${length}:${third === 0 ? '' : key.slice(-third)}`];
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}
