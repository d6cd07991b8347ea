/** Reads the options that stand before the first plain word of a command line, as far as a table knows them. */

/** `switch` stands alone, `value` takes the next word (or `=value`), `refuse` means that we cannot do what it asks. */
export type FlagTable = Readonly<Record<string, 'switch' | 'value' | 'refuse'>>;

export interface Flags {
  /** In their order, by name as written, such as `-p`; a flag may come more than once. */
  readonly values: ReadonlyArray<readonly [name: string, value: string]>;
  /** What follows, from the first plain word on; a `--` before it is left out. */
  readonly rest: readonly string[];
}

/** Undefined when there is a flag that the table does not know or refuses, or whose value is missing. */
export function readFlags(words: readonly string[], table: FlagTable): Flags | undefined {
  const values: Array<readonly [string, string]> = [];
  let at = 0;
  for (let word = words[at]; word !== undefined && isFlag(word); word = words[at]) {
    const flag = readFlag(word, words[at + 1], table);
    if (!flag) return undefined;
    if (flag.name !== '') values.push([flag.name, flag.value]);
    at += flag.length;
  }
  return { values, rest: words.slice(words[at] === '--' ? at + 1 : at) };
}

const isFlag = (word: string) => word.startsWith('-') && word !== '-' && word !== '--';

interface Flag {
  /** Empty for a bundle of switches, none of which changes what is run. */
  readonly name: string;
  readonly value: string;
  /** Words that it took. */
  readonly length: 1 | 2;
}

function readFlag(word: string, next: string | undefined, table: FlagTable): Flag | undefined {
  if (isBundle(word, table)) return { name: '', value: '', length: 1 };
  const [name, inline] = splitInline(word);
  const kind = table[name];
  if (kind === undefined || kind === 'refuse') return undefined;
  if (kind === 'switch' || inline !== undefined) return { name, value: inline ?? 'true', length: 1 };
  return next === undefined ? undefined : { name, value: next, length: 2 };
}

/** All values of a flag under any of its names. */
export function flagValues({ values }: Flags, ...names: string[]): string[] {
  return values.filter(([name]) => names.includes(name)).map(([, value]) => value);
}

/** Several one-letter switches in one word, such as `-yq`. */
function isBundle(word: string, table: FlagTable): boolean {
  return /^-[a-zA-Z]{2,}$/.test(word) && [...word.slice(1)].every((letter) => table[`-${letter}`] === 'switch');
}

function splitInline(word: string): [name: string, inline: string | undefined] {
  const equals = word.indexOf('=');
  return equals > 0 ? [word.slice(0, equals), word.slice(equals + 1)] : [word, undefined];
}
