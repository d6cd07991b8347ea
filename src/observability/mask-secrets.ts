/** Arguments as they may be written down: what is named like a secret masked, what is long cut. */
import { quote } from '../stdx/quote.ts';

/** Parts of names, as people write them: `api_key`, `apiKey`, `X-Api-Key`. */
const SECRET_NAME =
  /pass(word|wd|phrase|code)?$|passw|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth(orization)?$|cookie|session[-_]?id|^pin$|^otp$/i;
/** Well-known shapes of keys in values, wherever they stand: JWT, bearer, and the prefixes of large providers. */
const SECRET_VALUE =
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\b(?:sk|pk|rk|ghp|gho|ghs|ghr|github_pat|glpat|xox[abprs]|AKIA|AIza|tdx)[-_]?[\w-]{16,}|\bBearer\s+[\w.~+/-]{8,}=*|(?<=:\/\/[^\s:/@]{0,64}:)[^\s:/@]{1,256}(?=@)|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** The same to look for, without the place where a search of all of them stands. */
const ONE_SECRET_VALUE = new RegExp(SECRET_VALUE.source);

const TEXT_MAX = 500;
const ITEMS_MAX = 50;
const DEPTH_MAX = 8;
const NAME_MAX = 100;
const NAMES_MAX = 1_000;

/** JSON of masked copies; at most some kilobytes for each text and list in them. */
export function secretMasker(): (value: unknown) => string {
  const masked = new MaskedJson();
  return (value) => masked.of(value, 0);
}

/** Remembers the names of arguments that it has met, for they come again. */
class MaskedJson {
  readonly #names = new Map<string, Name>();

  of(value: unknown, depth: number): string {
    if (typeof value === 'string') return quote(maskText(value));
    if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
    if (depth >= DEPTH_MAX) return '"…"';
    return Array.isArray(value) ? this.#list(value, depth) : this.#object(value as Record<string, unknown>, depth);
  }

  #list(items: readonly unknown[], depth: number): string {
    let text = '';
    for (const item of items.slice(0, ITEMS_MAX)) text += `${text === '' ? '[' : ','}${this.of(item, depth + 1)}`;
    if (items.length > ITEMS_MAX) text += `,"… ${items.length - ITEMS_MAX} more"`;
    return text === '' ? '[]' : `${text}]`;
  }

  #object(object: Record<string, unknown>, depth: number): string {
    const names = Object.keys(object);
    let text = '';
    for (const each of names.length > ITEMS_MAX ? names.slice(0, ITEMS_MAX) : names) {
      const item = object[each];
      const name = this.#names.get(each) ?? this.#remember(each);
      const shown = name.isSecret && item !== null ? '"***"' : this.of(item, depth + 1);
      text += `${text === '' ? '{' : ','}${name.quoted}:${shown}`;
    }
    if (names.length > ITEMS_MAX) text += `,"…":"${names.length - ITEMS_MAX} more"`;
    return text === '' ? '{}' : `${text}}`;
  }

  #remember(text: string): Name {
    const name = { isSecret: SECRET_NAME.test(text), quoted: quote(text.slice(0, NAME_MAX)) };
    if (this.#names.size >= NAMES_MAX) this.#names.clear();
    if (text.length <= NAME_MAX) this.#names.set(text, name);
    return name;
  }
}

interface Name {
  readonly isSecret: boolean;
  readonly quoted: string;
}

/**
 * True of short JSON on one line in which nothing can be a secret: it may be written down as it stands. In doubt it is false:
 * for escapes, for what is not ASCII, and for words that only contain what a secret may be called.
 */
export function hidesNothing(json: string): boolean {
  if (json.length > TEXT_MAX || WORTH_A_LOOK.test(json)) return false;
  const kinds = kindsIn(json);
  return (kinds & ODD) === 0 && ((kinds & VALUE) === 0 || !ONE_SECRET_VALUE.test(json));
}

/** Any part of SECRET_NAME, wherever it stands, and Bearer. Only words, for those are looked for several characters at a time. */
const WORTH_A_LOOK = /pass|secret|token|key|credential|auth|cookie|session|pin|otp|bearer/i;

/** Whether there is anything but plain ASCII, and what every secret value has, the word Bearer apart. In one go, because each call pays for it. */
function kindsIn(json: string): number {
  let kinds = 0;
  let run = 0;
  for (let at = 0; at < json.length; at++) {
    const kind = KIND[json.charCodeAt(at)] ?? ODD;
    kinds |= kind;
    run = kind === WORD ? run + 1 : 0;
    if (run === RUN) kinds |= VALUE;
  }
  return kinds;
}

const [WORD, OTHER, VALUE, ODD] = [1, 2, 4, 8];

/** Cut first, so that no text costs more than its beginning; a secret at the cut is masked to the end. */
export function maskText(text: string): string {
  const beginning = text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
  const masked = mayHoldSecret(beginning) ? beginning.replace(SECRET_VALUE, '***') : beginning;
  return text.length > TEXT_MAX ? `${masked}… ${text.length} characters` : masked;
}

/** Whatever SECRET_VALUE finds has an `@`, the word Bearer, or ten letters, digits, `_` and `-` in a row; most texts do not. */
function mayHoldSecret(text: string): boolean {
  return hasLongRun(text) || text.includes('@') || text.includes('Bearer');
}

const RUN = 10;

function hasLongRun(text: string): boolean {
  let run = 0;
  for (let at = 0; at < text.length && run < RUN; at++) run = IN_RUN[text.charCodeAt(at)] === 1 ? run + 1 : 0;
  return run === RUN;
}

/** By code, of those below 128. */
const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) => (/[\w-]/.test(String.fromCharCode(code)) ? 1 : 0));

/** The same for `kindsIn`. */
const KIND = IN_RUN.map((isInRun, code) => {
  const character = String.fromCharCode(code);
  if (isInRun === 1) return WORD;
  if (character === '@') return VALUE;
  return /[ -~]/.test(character) && character !== '\\' ? OTHER : ODD;
});
