/** Texts of any characters, for properties that hold of all of them. */
import fc from 'fast-check';

/** Half surrogate pairs included. The library's own `unit: 'binary'` lays out a table of all characters first, which takes seconds. */
export const anyText = (maxLength = 20): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength }).map((codes) => String.fromCodePoint(...codes));
