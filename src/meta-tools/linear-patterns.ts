/** Patterns of schemas, matched in a time that grows with the text alone: a server writes them, and everybody waits for them. */
import { RE2JS } from 're2js';

/** As ajv takes it; a pattern is looked for anywhere in a text. */
interface PatternEngine {
  (pattern: string): { test(text: string): boolean };
  /** For code that is written out, which ours is not. */
  code: string;
}

/** The patterns of one schema. */
export interface LinearPatterns {
  readonly engine: PatternEngine;
  /** Steps of the programs that they are compiled to: what a character of a text costs at most. */
  size(): number;
}

/** RE2 (https://github.com/google/re2): no backtracking, so neither lookarounds nor back-references, for which it throws, as for more than there is time for. */
export function linearPatterns(): LinearPatterns {
  let size = 0;
  const compile = (pattern: string) => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    size += compiled.programSize();
    if (size > SIZE_MAX) throw new RangeError('the patterns are too many, or too long');
    const hasSpace = /\\s/i.test(pattern);
    return {
      // What is a space only to JavaScript is left for the server to judge.
      test: (text: string) => compiled.test(text) || (hasSpace && OTHER_SPACE.test(text)),
      // By which ajv tells them apart.
      toString: () => pattern,
    };
  };
  return { engine: Object.assign(compile, { code: 'linearPatterns' }), size: () => size };
}

/** Some 800 short patterns; thousands take seconds to compile, in which nobody is served. */
const SIZE_MAX = 10_000;

const OTHER_SPACE = /[^\S\t\n\f\r ]/;
