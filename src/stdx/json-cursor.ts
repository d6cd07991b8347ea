/** Walks over JSON as bytes, checking all of it and building nothing: for messages of which only a few fields matter. */

/** JSON as it stands on the wire, with one char for each byte of its UTF-8 (Latin-1): what passes through is never decoded. */
export type ByteText = string;

/** Most JSON is ASCII, and is its own. */
export function toByteText(json: string): ByteText {
  return NOT_ASCII.test(json) ? Buffer.from(json).toString('latin1') : json;
}

export function fromByteText(json: ByteText): string {
  return NOT_ASCII.test(json) ? Buffer.from(json, 'latin1').toString() : json;
}

const NOT_ASCII = /[^ -~]/;
/** Deeper ones are for whoever parses to refuse. */
const DEPTH_MAX = 200;
const [QUOTE, ESCAPE, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const [ZERO, NINE, MINUS, PLUS, DOT] = [0x30, 0x39, 0x2d, 0x2b, 0x2e];
const LOWER_U = 0x75;
const LOWER = 0x20;
const NO_BYTES = Buffer.alloc(0);
/** Longer strings are worth a look at several bytes at a time. */
const SHORT = 48;

/** 1 for what is no plain char of a string: its end, an escape, a control character. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte === QUOTE || byte === ESCAPE || byte < 0x20));
const AFTER_ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number('"\\/bfnrtu'.includes(String.fromCharCode(byte))),
);

/**
 * Stands on a value or behind it. What is not JSON (RFC 8259), is nested too deeply or goes over more than one line breaks
 * it, and then it stays broken: such bytes must not pass, for a line ends a message on a pipe. UTF-8 is not checked.
 */
export class JsonCursor {
  /** Of the last key, without its quotes. */
  keyStart = 0;
  keyEnd = 0;
  #bytes: Buffer = NO_BYTES;
  #at = 0;
  #depth = 0;
  /** The member that comes is the first of its object. */
  #isFirst = false;

  /** On the first value of these bytes. */
  reset(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#isFirst = false;
    this.#at = 0;
    this.#depth = 0;
    this.#skipSpace();
  }

  /** Where it stands; -1 when it is broken. */
  get at(): number {
    return this.#at;
  }

  /** Behind the last value with nothing but space after it. */
  get isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.#bytes.length;
  }

  get isOnObject(): boolean {
    return this.#bytes[this.#at] === OBJECT;
  }

  /** Into the object on which it stands; anything else breaks it. */
  enter(): void {
    if (this.#bytes[this.#at] !== OBJECT) this.#break();
    else this.#at++;
    this.#depth++;
    this.#isFirst = true;
  }

  /** On the value of the next member of the object; false, and behind the object, when there is none. A key with an escape breaks it. */
  next(): boolean {
    this.#skipSpace();
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (this.#at >= 0 && this.#bytes[this.#at] === OBJECT_END) {
      this.#at++;
      this.#depth--;
      return false;
    }
    if (!isFirst) this.#expect(COMMA);
    return this.#key();
  }

  isKey(name: string): boolean {
    const { keyStart } = this;
    if (this.keyEnd - keyStart !== name.length) return false;
    for (let at = 0; at < name.length; at++) if (this.#bytes[keyStart + at] !== name.charCodeAt(at)) return false;
    return true;
  }

  /** Whether the value on which it stands is written like this. */
  isWritten(text: string): boolean {
    const start = this.#at;
    if (start < 0) return false;
    for (let at = 0; at < text.length; at++) if (this.#bytes[start + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  /** Behind the value on which it stands. */
  skip(): void {
    if (this.#at >= 0) this.#at = endOfValue(this.#bytes, this.#at, this.#depth + 1);
  }

  text(start: number, end: number): ByteText {
    return this.#bytes.toString('latin1', start, end);
  }

  #key(): boolean {
    const start = this.#at;
    if (start < 0 || this.#bytes[start] !== QUOTE) return this.#break();
    const end = endOfString(this.#bytes, start);
    if (end < 0) return this.#break();
    for (let at = start + 1; at < end - 1; at++) if (this.#bytes[at] === ESCAPE) return this.#break();
    this.keyStart = start + 1;
    this.keyEnd = end - 1;
    this.#at = end;
    this.#skipSpace();
    this.#expect(COLON);
    return this.#at >= 0;
  }

  #expect(byte: number): void {
    if (this.#at >= 0 && this.#bytes[this.#at] === byte) this.#at++;
    else this.#break();
    this.#skipSpace();
  }

  #skipSpace(): void {
    if (this.#at >= 0) this.#at = afterSpace(this.#bytes, this.#at);
  }

  #break(): false {
    this.#at = -1;
    return false;
  }
}

function afterSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at++;
  return at;
}

/** Behind the value, or -1. */
function endOfValue(bytes: Buffer, at: number, depth: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return endOfString(bytes, at);
    case OBJECT:
      return depth > DEPTH_MAX ? -1 : endOfObject(bytes, at, depth);
    case ARRAY:
      return depth > DEPTH_MAX ? -1 : endOfArray(bytes, at, depth);
    case 0x74:
      return endOfWord(bytes, at, 'true');
    case 0x66:
      return endOfWord(bytes, at, 'false');
    case 0x6e:
      return endOfWord(bytes, at, 'null');
    default:
      return endOfNumber(bytes, at);
  }
}

function endOfObject(bytes: Buffer, start: number, depth: number): number {
  let at = afterSpace(bytes, start + 1);
  if (bytes[at] === OBJECT_END) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE) return -1;
    const keyEnd = endOfString(bytes, at);
    if (keyEnd < 0) return -1;
    at = afterSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) return -1;
    at = endOfValue(bytes, afterSpace(bytes, at + 1), depth + 1);
    if (at < 0) return -1;
    at = afterSpace(bytes, at);
    if (bytes[at] === OBJECT_END) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = afterSpace(bytes, at + 1);
  }
}

function endOfArray(bytes: Buffer, start: number, depth: number): number {
  let at = afterSpace(bytes, start + 1);
  if (bytes[at] === ARRAY_END) return at + 1;
  for (;;) {
    at = endOfValue(bytes, at, depth + 1);
    if (at < 0) return -1;
    at = afterSpace(bytes, at);
    if (bytes[at] === ARRAY_END) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = afterSpace(bytes, at + 1);
  }
}

function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    at = afterPlainChars(bytes, at);
    if (bytes[at] === QUOTE) return at + 1;
    at = bytes[at] === ESCAPE ? afterEscape(bytes, at + 1) : -1;
    if (at < 0) return -1;
  }
}

/** Where the time of long messages goes. */
function afterPlainChars(bytes: Buffer, start: number): number {
  const longAt = start + SHORT;
  let at = start;
  while (at < longAt && SPECIAL[bytes[at] ?? QUOTE] === 0) at++;
  if (at === longAt) at = afterPlainWords(bytes, at);
  while (SPECIAL[bytes[at] ?? QUOTE] === 0) at++;
  return at;
}

/** Four bytes at a time, up to the word with the first one that is special. */
function afterPlainWords(bytes: Buffer, start: number): number {
  const offset = bytes.byteOffset;
  const first = (offset + start + 3) >> 2;
  const end = (offset + bytes.length) >> 2;
  for (let at = start; at < first * 4 - offset; at++) if (SPECIAL[bytes[at] ?? QUOTE] === 1) return at;
  if (end <= first) return start;
  const words = new Int32Array(bytes.buffer, first * 4, end - first);
  let at = 0;
  while (at < words.length && !hasSpecial(words[at] ?? 0)) at++;
  return (first + at) * 4 - offset;
}

/** Mycroft's test: of bytes whose highest bit is 0, taking 0x20 off sets it in those below; taking 1 off, in those that a flip made 0. */
function hasSpecial(word: number): boolean {
  const unquoted = word ^ 0x22222222;
  const unescaped = word ^ 0x5c5c5c5c;
  const control = (word - 0x20202020) & ~word;
  return (
    ((control | ((unquoted - 0x01010101) & ~unquoted) | ((unescaped - 0x01010101) & ~unescaped)) & 0x80808080) !== 0
  );
}

function afterEscape(bytes: Buffer, at: number): number {
  const escaped = bytes[at] ?? 0;
  if (AFTER_ESCAPE[escaped] === 0) return -1;
  if (escaped !== LOWER_U) return at + 1;
  return areHexDigits(bytes, at + 1) ? at + 5 : -1;
}

function areHexDigits(bytes: Buffer, start: number): boolean {
  for (let at = start; at < start + 4; at++) {
    const byte = bytes[at] ?? 0;
    const lower = byte | LOWER;
    if (!isDigit(byte) && (lower < 0x61 || lower > 0x66)) return false;
  }
  return true;
}

function endOfWord(bytes: Buffer, start: number, word: string): number {
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word.charCodeAt(at)) return -1;
  return start + word.length;
}

function endOfNumber(bytes: Buffer, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  at = bytes[at] === ZERO ? at + 1 : endOfDigits(bytes, at);
  if (at >= 0 && bytes[at] === DOT) at = endOfDigits(bytes, at + 1);
  if (at < 0 || ((bytes[at] ?? 0) | LOWER) !== 0x65) return at;
  const sign = bytes[at + 1];
  return endOfDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** At least one. */
function endOfDigits(bytes: Buffer, start: number): number {
  let at = start;
  while (isDigit(bytes[at] ?? 0)) at++;
  return at > start ? at : -1;
}

const isDigit = (byte: number) => byte >= ZERO && byte <= NINE;
