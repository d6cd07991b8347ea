/** The walk over JSON as bytes against JSON.parse: what one takes the other takes, but for what must not pass unparsed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromByteText, JsonCursor, toByteText } from '../../../src/stdx/json-cursor.ts';

const DEPTH_MAX = 200;

/** Whether the cursor takes all of it for one value. */
function isTaken(bytes: Buffer): boolean {
  const cursor = new JsonCursor();
  cursor.reset(bytes);
  cursor.skip();
  return cursor.at >= 0 && cursor.isAtEnd;
}

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** What may pass is what JSON.parse takes, on one line. */
const mayPass = (text: string) => isJson(text) && !/[\r\n]/.test(text);

/** Spells a value in one of the many ways in which JSON can be spelt, keys that stand there twice included. */
const spelt = fc.letrec<{ value: string; string: string }>((tie) => ({
  string: fc
    .array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => JSON.stringify(text).slice(1, -1)),
        },
        fc.constantFrom(
          '\\u0041',
          '\\uD83D\\uDE00',
          '\\ud800',
          '\\/',
          '\\"',
          '\\\\',
          '\\n',
          'é',
          '😀',
          '\u2028',
          '\u007f',
          "'",
        ),
      ),
      { maxLength: 4 },
    )
    .map((parts) => `"${parts.join('')}"`),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'null',
      'true',
      'false',
      '0',
      '-0',
      '1.0',
      '1e400',
      '-1E+2',
      '0.10',
      '12345678901234567890',
      '{}',
      '[]',
    ),
    tie('string'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[ ${items.join(' ,\t')} ]`),
    fc
      .array(fc.tuple(tie('string'), tie('value')), { maxLength: 4 })
      .map((members) => `{${members.map(([key, value]) => `${key} :${value}`).join(', ')} }`),
  ),
}));

describe('the walk over JSON', () => {
  it('takes every way to spell a value', () => {
    fc.assert(
      fc.property(spelt.value, (text) => {
        expect(isJson(text)).toBe(true);
        expect(isTaken(Buffer.from(text))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes nothing that JSON.parse does not take: bytes changed, added, taken out', () => {
    const tricky = fc.constantFrom(...'{}[]",:\\u0eE+-. \t\r\n\u0000x/\u001f'.split(''));
    fc.assert(
      fc.property(
        fc.tuple(spelt.value, fc.nat(), tricky, fc.integer({ min: 0, max: 2 })),
        ([text, where, char, cut]) => {
          const at = where % (text.length + 1);
          const changed = text.slice(0, at) + char + text.slice(at + cut);
          expect(isTaken(Buffer.from(changed)), JSON.stringify(changed)).toBe(mayPass(changed));
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('judges any text as JSON.parse does', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}[]",:\\u019eE+-.truefalsn \n'.split('')), maxLength: 12 }),
        (text) => {
          expect(isTaken(Buffer.from(text)), JSON.stringify(text)).toBe(mayPass(text));
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it.each([
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '0x1',
    'nul',
    'NaN',
    '"\\x41"',
    '"\\u12G4"',
    '"\t"',
    "'a'",
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '',
  ])('does not take %s', (text) => expect(isTaken(Buffer.from(text))).toBe(false));

  it('does not take what goes over two lines, nor what is nested too deeply', () => {
    const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
    expect(isTaken(Buffer.from('{\n"a":1}'))).toBe(false);
    expect(isTaken(Buffer.from('[1,\r2]'))).toBe(false);
    expect(isTaken(nested(DEPTH_MAX))).toBe(true);
    expect(isTaken(nested(DEPTH_MAX + 1))).toBe(false);
  });

  it('finds the members of an object where JSON.parse finds them', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((text) => !JSON.stringify(text).includes('\\'));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, spelt.value), { selector: ([name]) => name }), (members) => {
        const text = `{ ${members.map(([name, value]) => `${JSON.stringify(name)} : ${value}`).join(' , ')} }`;
        const cursor = new JsonCursor();
        cursor.reset(Buffer.from(text));
        cursor.enter();
        const found: [string, string][] = [];
        while (cursor.next()) {
          const start = cursor.at;
          const name = fromByteText(cursor.text(cursor.keyStart, cursor.keyEnd));
          cursor.skip();
          found.push([name, fromByteText(cursor.text(start, cursor.at))]);
        }
        expect(cursor.isAtEnd).toBe(true);
        expect(found).toEqual(members);
      }),
    );
  });

  it('is not trusted with a key that is written with escapes', () => {
    const cursor = new JsonCursor();
    cursor.reset(Buffer.from('{"n\\u0061me":1}'));
    cursor.enter();
    expect(cursor.next()).toBe(false);
    expect(cursor.at).toBe(-1);
  });
});

it('text keeps every char on its way through bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(fromByteText(toByteText(text))).toBe(text);
    }),
  );
});

describe('long strings', () => {
  const LENGTHS = [...Array.from({ length: 20 }, (_, more) => 40 + more), 1_000, 1_001, 1_002, 1_003];
  /** The same bytes at every place that they can have in a word. */
  const isTakenAt = (bytes: Buffer, offset: number) => {
    const around = Buffer.concat([Buffer.alloc(8 + offset, 0x22), bytes, Buffer.alloc(9, 0x22)]);
    return isTaken(around.subarray(8 + offset, 8 + offset + bytes.length));
  };

  it.each([0, 1, 2, 3])('end at their quote and nowhere else, %s bytes into a word', (offset) => {
    for (const length of LENGTHS) {
      const text = 'a'.repeat(length);
      expect(isTakenAt(Buffer.from(`"${text}"`), offset)).toBe(true);
      expect(isTakenAt(Buffer.from(`"${text}`), offset)).toBe(false);
      expect(isTakenAt(Buffer.from(`{"${text}":["${text}é",1]}`), offset)).toBe(true);
    }
  });

  it('hold every byte where JSON.parse takes it', () => {
    const text = 'a'.repeat(120);
    for (let byte = 0; byte < 256; byte++)
      for (let at = 40; at < 60; at++) {
        const bytes = Buffer.from(`"${text}"`);
        bytes[at] = byte;
        expect([byte, at, isTakenAt(bytes, at % 4)]).toEqual([byte, at, mayPass(bytes.toString('latin1'))]);
      }
  });

  it('hold escapes where JSON.parse takes them', () => {
    for (const written of ['\\n', '\\"', '\\\\', '\\u00e9', '\\u00g9', '\\x', '\\'])
      for (let at = 40; at < 60; at++) {
        const text = `"${'a'.repeat(at)}${written}${'b'.repeat(70)}"`;
        expect([written, at, isTaken(Buffer.from(text))]).toEqual([written, at, mayPass(text)]);
      }
  });
});
