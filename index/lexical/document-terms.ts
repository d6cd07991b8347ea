/** Turns a document into weighted terms: which words it holds and how much each says about the tool. */
import type { ToolDocument } from '../tool-document.ts';
import { stem } from './stem.ts';
import { words } from './words.ts';

export interface DocumentTerms {
  /** Term to weighted frequency: the field weights summed over all places where the term stands. */
  readonly frequencies: ReadonlyMap<string, number>;
  /** Weighted number of words, for length normalisation. */
  readonly length: number;
}

/** A word in the name tells more than one in a description (BM25F: Robertson, Zaragoza, Taylor 2004). */
export const FIELD_WEIGHTS = {
  name: 3,
  server: 2,
  description: 1,
  serverDescription: 0.75,
  parameterNames: 0.75,
  parameterDescriptions: 0.3,
};

/** Words read of one field: enough for every honest text, a bound for the others. */
const WORDS_PER_FIELD = 1_000;
/** Of one word, so that stuffing a text with it does not pay and a blob of base64 is no key. */
const WORD_LENGTH = 40;

export function documentTerms(document: ToolDocument): DocumentTerms {
  const frequencies = new Map<string, number>();
  let length = 0;
  for (const [text, weight] of weightedFields(document)) {
    for (const term of terms(text).slice(0, WORDS_PER_FIELD)) {
      frequencies.set(term, (frequencies.get(term) ?? 0) + weight);
      length += weight;
    }
  }
  return { frequencies, length };
}

/** The terms of any text in order, repeated as often as they stand there; `neo4j` also gives `neo`. */
export function terms(text: string): string[] {
  return termsOf(words(text));
}

/** The same of words that have been found already. */
export function termsOf(found: readonly string[]): string[] {
  const result: string[] = [];
  for (const word of found) {
    result.push(stem(word.slice(0, WORD_LENGTH)));
    if (HAS_DIGIT.test(word)) for (const piece of word.match(LETTERS_OF_MIXED) ?? []) result.push(stem(piece));
  }
  return result;
}

const HAS_DIGIT = /[0-9]/;
/** Runs of letters beside a digit, long enough to be words. */
const LETTERS_OF_MIXED = /\p{L}{3,39}/gu;

function weightedFields(document: ToolDocument): [text: string, weight: number][] {
  const { name, server, description, serverDescription, parameters } = document;
  return [
    [name, FIELD_WEIGHTS.name],
    [server, FIELD_WEIGHTS.server],
    [description, FIELD_WEIGHTS.description],
    [serverDescription, FIELD_WEIGHTS.serverDescription],
    [parameters.map((parameter) => parameter.name).join(' '), FIELD_WEIGHTS.parameterNames],
    [parameters.map((parameter) => parameter.description).join(' . '), FIELD_WEIGHTS.parameterDescriptions],
  ];
}
