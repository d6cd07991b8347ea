/** Reads the answer of an embeddings endpoint and believes none of it. */
import { isObject } from '../../src/stdx/json.ts';
import { IndexError } from '../index-error.ts';

/** One array of numbers a text, in the order of the texts, whatever the order of the answer. Rejects with a `bad-answer`. */
export function vectorsOf(answer: unknown, expected: { count: number; source: string }): number[][] {
  const { count, source } = expected;
  const data = isObject(answer) ? answer.data : undefined;
  if (!Array.isArray(data)) {
    throw new IndexError('bad-answer', `${source} answered without a list of embeddings`, {
      hint: 'Check that the address is that of an OpenAI-compatible embeddings API.',
    });
  }
  if (data.length !== count)
    throw new IndexError('bad-answer', `${source} gave ${data.length} vectors for ${count} texts`);
  const vectors = new Array<number[] | undefined>(count);
  for (const [position, item] of data.entries()) {
    const index = indexOf(item, position);
    if (index >= count || vectors[index]) throw new IndexError('bad-answer', `${source} numbered its vectors wrongly`);
    vectors[index] = numbersOf(item, source);
  }
  return vectors.map((vector) => vector ?? []);
}

/** The protocol numbers each vector; where the number is left out the order counts. */
function indexOf(item: unknown, position: number): number {
  const index = isObject(item) ? (item.index ?? position) : position;
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : Number.POSITIVE_INFINITY;
}

function numbersOf(item: unknown, source: string): number[] {
  const embedding = isObject(item) ? item.embedding : undefined;
  if (!Array.isArray(embedding) || embedding.length === 0) {
    throw new IndexError('bad-answer', `${source} gave an embedding that is not a list of numbers`);
  }
  return embedding.map((value) => (typeof value === 'number' ? value : Number.NaN));
}
