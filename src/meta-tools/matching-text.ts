/** A text of a form: for a `format` a usual one, for a pattern the shortest that can be read off it. Whether it fits is for the validator to say. */
import { numberOr } from './merged-schema.ts';

export interface TextForm {
  readonly pattern?: unknown;
  readonly format?: unknown;
  readonly minLength?: unknown;
  readonly maxLength?: unknown;
}

const OF_FORMAT: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  duration: 'PT1H',
  email: 'ada@example.com',
  'idn-email': 'ada@example.com',
  hostname: 'example.com',
  'idn-hostname': 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  iri: 'https://example.com/',
  'uri-reference': '/path',
  'iri-reference': '/path',
  'uri-template': '/{id}',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  'json-pointer': '/path',
  'relative-json-pointer': '0',
  regex: '.*',
  byte: 'dGV4dA==',
};

/** Longer patterns are read by nobody. */
const PATTERN_CHARACTERS_MAX = 300;
/** What longer texts look like says no more. */
const TEXT_CHARACTERS_MAX = 500;
/** How often more than need be what may be repeated without end is repeated. */
const REPEATS = [0, 1, 2, 3, 5, 8, 13, 21, 34, 64, 128, 256];

/** The `nth` of such texts, from 0, where there are several. */
export function matchingText({ pattern, format, minLength, maxLength }: TextForm, nth = 0): string {
  const [least, most] = [numberOr(minLength, 0), numberOr(maxLength, TEXT_CHARACTERS_MAX)];
  const isFitting = (text: string) => text.length >= least && text.length <= most;
  if (typeof pattern === 'string' && pattern.length <= PATTERN_CHARACTERS_MAX) {
    let first: string | undefined;
    for (const more of REPEATS) {
      const read = new PatternReader(pattern, { more, nth }).text();
      if (read !== undefined && isFitting(read)) return read;
      first ??= read;
    }
    if (first !== undefined) return first;
  }
  const known = typeof format === 'string' ? OF_FORMAT[format] : undefined;
  if (known !== undefined) return known;
  const text = nth === 0 ? 'text' : `text${nth + 1}`;
  return most < text.length ? text.slice(text.length - most) : text.padEnd(Math.min(least, TEXT_CHARACTERS_MAX), 'x');
}

interface Choices {
  /** Repetitions beyond the least, where there may be any number. */
  readonly more: number;
  readonly nth: number;
}

const ESCAPED: Readonly<Record<string, string>> = {
  d: '1',
  D: 'a',
  w: 'a',
  W: '-',
  s: ' ',
  S: 'a',
  b: '',
  B: '',
  n: '\n',
  r: '\r',
  t: '\t',
};
/** The likely ones first. */
const CHARACTERS = `aA1-_ ./:@#,bB2zZ9${String.fromCharCode(...Array.from({ length: 95 }, (_, code) => 32 + code))}`;

/** Reads a pattern from left to right and writes what it would match; gives up at what looks around or refers back. */
class PatternReader {
  readonly #pattern: string;
  readonly #choices: Choices;
  #at = 0;

  constructor(pattern: string, choices: Choices) {
    this.#pattern = pattern;
    this.#choices = choices;
  }

  text(): string | undefined {
    try {
      const text = this.#alternatives();
      return this.#at === this.#pattern.length && text.length <= TEXT_CHARACTERS_MAX ? text : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  #alternatives(): string {
    const texts = [this.#sequence()];
    while (this.#take('|')) texts.push(this.#sequence());
    return texts[this.#choices.nth % texts.length] ?? '';
  }

  #sequence(): string {
    let text = '';
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] ?? '')) {
      const atom = this.#atom();
      text += atom.repeat(Math.min(this.#times(), TEXT_CHARACTERS_MAX));
      if (text.length > TEXT_CHARACTERS_MAX) throw new SyntaxError('too long');
    }
    return text;
  }

  #atom(): string {
    const character = this.#next();
    if (character === '^' || character === '$') return '';
    if (character === '.') return 'a';
    if (character === '[') return this.#oneOfClass();
    if (character === '\\') return this.#escaped();
    if (character !== '(') return character;
    if (this.#take('?') && !this.#take(':') && !/^<[^=!]/.test(this.#pattern.slice(this.#at)))
      throw new SyntaxError('it looks around');
    if (this.#take('<')) while (this.#next() !== '>');
    const text = this.#alternatives();
    if (!this.#take(')')) throw new SyntaxError('it does not end');
    return text;
  }

  #escaped(): string {
    const letter = this.#next();
    if (letter === 'p' && this.#take('{')) {
      const name = this.#until('}');
      return name === 'Lu' ? 'A' : name.startsWith('N') ? '1' : 'a';
    }
    if (/[1-9kuxcP]/.test(letter)) throw new SyntaxError('it refers to something');
    return ESCAPED[letter] ?? letter;
  }

  /** The first likely character of it; a class is the same as a pattern of its own. */
  #oneOfClass(): string {
    const from = this.#at - 1;
    this.#take('^');
    this.#take(']');
    for (let character = this.#next(); character !== ']'; character = this.#next())
      if (character === '\\') this.#next();
    const written = this.#pattern.slice(from, this.#at);
    const one = new RegExp(`^${written}$`, written.includes('\\p') ? 'u' : '');
    const fitting: string[] = [];
    for (const character of CHARACTERS) {
      if (fitting.length > this.#choices.nth) break;
      if (one.test(character)) fitting.push(character);
    }
    const chosen = fitting[this.#choices.nth % Math.max(1, fitting.length)];
    if (chosen === undefined) throw new SyntaxError('nothing likely is in it');
    return chosen;
  }

  #times(): number {
    const { more } = this.#choices;
    const count = this.#take('*') ? more : this.#take('+') ? Math.max(1, more) : this.#take('?') ? 0 : this.#counted();
    this.#take('?');
    return count;
  }

  #counted(): number {
    const [all, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at)) ?? [];
    if (all === undefined) return 1;
    this.#at += all.length;
    const wanted = Number(least) + (comma ? this.#choices.more : 0);
    return most ? Math.min(wanted, Number(most)) : wanted;
  }

  #until(end: string): string {
    const from = this.#at;
    while (this.#next() !== end);
    return this.#pattern.slice(from, this.#at - 1);
  }

  #take(character: string): boolean {
    if (this.#pattern[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const character = this.#pattern[this.#at++];
    if (character === undefined) throw new SyntaxError('it does not end');
    return character;
  }
}
