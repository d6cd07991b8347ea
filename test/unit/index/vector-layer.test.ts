import { describe, expect, it, onTestFinished } from 'vitest';
import { createToolIndex } from '../../../index/create-tool-index.ts';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import { IndexError } from '../../../index/index-error.ts';
import { createEmbeddedVectorStore } from '../../../index/store/embedded-vector-store.ts';
import { toolDocument } from '../../../index/tool-document.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

const DIMENSIONS = 8;
const vector = () => new Float32Array(DIMENSIONS).fill(Math.sqrt(1 / DIMENSIONS));
const documents = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) =>
    toolDocument({ id: `s:t${from + i}`, server: 's', name: `tool_${from + i}` }),
  );

/** An index over an embedder that does to documents what the test wants; `batches` has how many it was given each time. */
function layerOver(answer: (count: number) => Float32Array[]) {
  const clock = fakeClock();
  const batches: number[] = [];
  const state = { answer };
  const embedder: Embedder = {
    identity: 'test',
    dimensions: DIMENSIONS,
    embedTasks: async (texts) => texts.map(vector),
    async embedDocuments(given) {
      batches.push(given.length);
      return state.answer(given.length);
    },
    close: async () => {},
  };
  const store = createEmbeddedVectorStore();
  const index = createToolIndex({ vectors: [{ name: 'the model', embedder, store }], clock });
  onTestFinished(() => index.close());
  return { index, clock, batches, state };
}

const good = (count: number) => Array.from({ length: count }, vector);

it('#68 closes at once while its store is being opened, and lets that know', async () => {
  let hangUp = () => {};
  const opening = new Promise<void>((_, reject) => {
    hangUp = () => reject(new IndexError('closed', 'The store has been closed'));
  });
  const store = { ...createEmbeddedVectorStore(), open: () => opening, close: async () => hangUp() };
  const embedder: Embedder = {
    identity: 'test',
    dimensions: DIMENSIONS,
    embedTasks: async (texts) => texts.map(vector),
    embedDocuments: async (given) => given.map(vector),
    close: async () => {},
  };
  const index = createToolIndex({ vectors: [{ embedder, store }] });
  await index.upsert(documents(1));
  await new Promise(setImmediate);
  await index.close();
  await expect(opening).rejects.toMatchObject({ fault: 'closed' });
});

describe('a model that answers no document as it should', () => {
  it.each([
    ['not-a-numbers', (count: number) => good(count).map((each) => each.fill(Number.NaN))],
    ['vectors of the wrong length', (count: number) => good(count).map((each) => each.subarray(1))],
  ])('#68 is not asked for each of them, and serves all when it is mended: %s', async (_, answer) => {
    const { index, clock, batches, state } = layerOver(answer);
    await index.upsert(documents(1_000));
    await clock.advance(60_000);
    expect(batches.length).toBeLessThan(40);
    expect(batches.reduce((sum, count) => sum + count, 0)).toBeLessThan(200);
    expect(index.status()[0]).toMatchObject({ embedded: 0, pending: 1_000, problem: expect.stringMatching(/number/) });
    expect(await index.search({ task: 'tool_7', limit: 1 })).toMatchObject({ mode: 'lexical', degraded: /./ });
    state.answer = good;
    await index.settled();
    expect(index.status()[0]).toEqual({ model: 'test', embedded: 1_000, pending: 0 });
    expect(await index.search({ task: 'tool_7', limit: 1 })).toMatchObject({ mode: 'hybrid' });
  });

  it('#68 is asked no more often because tools come and change meanwhile', async () => {
    const { index, clock, batches } = layerOver(() => {
      throw new IndexError('unreachable', 'nobody is there');
    });
    await index.upsert(documents(10));
    for (let i = 0; i < 600; i++) {
      await clock.advance(1_000);
      await index.upsert(documents(1, 10 + i));
    }
    expect(batches.length).toBeLessThan(20);
    expect(clock.waiting).toBe(1);
    await index.close();
    expect(clock.waiting).toBe(0);
  });
});
