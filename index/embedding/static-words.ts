/** Words and character n-grams exactly as the static model was trained with them (`model/train/words.py`). */

const CJK = /[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]/;
const WORD = /[a-z0-9]+|[\u00c0-\u024f]+[a-z0-9\u00c0-\u024f]*|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]/g;
const NON_ASCII = /[^\0-\x7f]/;
const WORD_LENGTH = 24;
const GRAM_SIZES = [3, 4, 5];

/** Accents folded, camelCase opened, lower case; CJK gives its characters, then the pairs of neighbours. */
export function staticWords(text: string): string[] {
  const isForeign = NON_ASCII.test(text);
  const plain = isForeign ? text.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC') : text;
  const opened = plain.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])(?=[A-Z][a-z])/g, '$1 ');
  const found: string[] = opened.toLowerCase().match(WORD) ?? [];
  if (isForeign && CJK.test(plain)) found.push(...pairs(found));
  return found.map((word) => (word.length > WORD_LENGTH ? word.slice(0, WORD_LENGTH) : word));
}

/** Hash buckets of the 3- to 5-grams of `<word>` (fastText: Bojanowski et al. 2017); a word of one or two letters is one gram. */
export function gramBuckets(word: string, buckets: number): number[] {
  const marked = [...`<${word}>`];
  if (marked.length <= 4) return [crc32(marked.join('')) % buckets];
  return GRAM_SIZES.flatMap((size) =>
    Array.from({ length: Math.max(0, marked.length - size + 1) }, (_, at) => {
      return crc32(marked.slice(at, at + size).join('')) % buckets;
    }),
  );
}

function pairs(found: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i + 1 < found.length; i++) {
    const [left, right] = [found[i] ?? '', found[i + 1] ?? ''];
    if (CJK.test(left) && CJK.test(right)) result.push(left + right);
  }
  return result;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
const encoder = new TextEncoder();

/** CRC-32 of the UTF-8 bytes (ISO 3309), unsigned; node:zlib has it only from 20.15 on. */
function crc32(text: string): number {
  let value = 0xffffffff;
  for (const byte of encoder.encode(text)) value = (CRC_TABLE[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
