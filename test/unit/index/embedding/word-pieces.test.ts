import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WordPieces } from '../../../../index/embedding/word-pieces.ts';
import { anyText } from '../../../helpers/any-text.ts';

const TOKENS = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]'],
  ...[
    'un',
    '##aff',
    '##able',
    'naive',
    'file',
    '##s',
    '日',
    '本',
    'の',
    '##の',
    'σ',
    '##σ',
    'ο',
    '##ο',
    '!',
    '$',
    "'",
    's',
    '—',
  ],
  ...['strasse', 'istanbul', 'a', '##a', '🎉'],
];
const pieces = new WordPieces(TOKENS);
const cut = (text: string, limit = 64) =>
  Array.from(pieces.encode(text, limit), (id) => TOKENS[id] ?? '?').slice(1, -1);

describe('WordPieces', () => {
  it.each<[string, string, string[]]>([
    ['takes the longest known piece each time', 'unaffable', ['un', '##aff', '##able']],
    ['makes a word unknown when a piece is missing', 'unaffablex file', ['[UNK]', 'file']],
    ['ignores case and accents', 'NAÏVE Files', ['naive', 'file', '##s']],
    ['cuts at punctuation and ASCII signs', "file's$!", ['file', "'", 's', '$', '!']],
    ['knows punctuation beyond ASCII', 'file—file', ['file', '—', 'file']],
    ['sets ideographs apart, but no kana', '日本のの', ['日', '本', 'の', '##の']],
    ['drops controls and what nobody sees', 'fi\u0000le\u200b\u00ad\ufeff f\ufffdile\ud800', ['file', 'file']],
    ['takes every kind of space', 'file\u00a0file\u3000file\tfile\nfile', ['file', 'file', 'file', 'file', 'file']],
    ['knows one small sigma only', 'ΟΣ', ['ο', '##σ']],
    ['folds the dotted capital I', 'İstanbul', ['istanbul']],
    ['keeps signs outside the basic plane whole', '🎉', ['🎉']],
    ['has nothing for an empty text', '', []],
  ])('%s', (_, text, expected) => {
    expect(cut(text)).toEqual(expected);
  });

  it('reads words of up to a hundred characters', () => {
    expect(cut('a'.repeat(100), 128)).toHaveLength(100);
    expect(cut('a'.repeat(101), 128)).toEqual(['[UNK]']);
  });

  it('begins with [CLS], ends with [SEP] and keeps the limit, whatever the text', () => {
    const text = fc.oneof(anyText(300), fc.string({ unit: 'grapheme', maxLength: 300 }));
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (any, limit) => {
        const ids = [...pieces.encode(any, limit)];
        expect(ids.length).toBeLessThanOrEqual(limit);
        expect([ids[0], ids.at(-1)]).toEqual([2, 3]);
        expect(ids.slice(1, -1).every((id) => id === 1 || (id > 3 && id < TOKENS.length))).toBe(true);
      }),
    );
  });

  it('gives a longer limit the same beginning', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('unaffable', 'file', 'x', '日本', 'a!'), { maxLength: 40 }), (words) => {
        const text = words.join(' ');
        const [short, long] = [cut(text, 12), cut(text, 64)];
        expect(long.slice(0, short.length)).toEqual(short);
      }),
    );
  });

  it('reads no more of a megabyte than its limit needs', () => {
    expect(cut('file '.repeat(200_000), 16)).toHaveLength(14);
  });
});
