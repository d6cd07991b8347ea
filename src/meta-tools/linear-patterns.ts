/** Patterns of schemas, matched in a time that grows with the text alone: a server writes them, and everybody waits for them. */
import { RE2JS } from 're2js';

/** As ajv takes it; a pattern is looked for anywhere in a text. */
interface PatternEngine {
  (pattern: string): { test(text: string): boolean };
  /** For code that is written out, which ours is not. */
  code: string;
}

/** RE2 (https://github.com/google/re2): no backtracking, so neither lookarounds nor back-references, for which it throws. */
export const linearPatterns: PatternEngine = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    const hasSpace = /\\s/i.test(pattern);
    return {
      // What is a space only to JavaScript is left for the server to judge.
      test: (text: string) => compiled.test(text) || (hasSpace && OTHER_SPACE.test(text)),
      // By which ajv tells them apart.
      toString: () => pattern,
    };
  },
  { code: 'linearPatterns' },
);

const OTHER_SPACE = /[^\S\t\n\f\r ]/;
