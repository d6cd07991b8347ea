import { describe, expect, it, onTestFinished } from 'vitest';
import { createToolIndex } from '../../../index/create-tool-index.ts';
import { deferEmbedder } from '../../../index/embedding/deferred-embedder.ts';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import { IndexError } from '../../../index/index-error.ts';
import { createEmbeddedVectorStore } from '../../../index/store/embedded-vector-store.ts';
import { readSnapshot } from '../../../index/store/vector-snapshot.ts';
import { toolDocument } from '../../../index/tool-document.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { type MemoryStorage, memoryStorage } from '../../helpers/memory-storage.ts';

const DIMENSIONS = 8;
const NAME = 'the encoder';
const SETTING = 'search.embedder.encoder_max_tools';
const TASK = { task: 'tool three', limit: 3, deadlineMs: 5_000 };

const documents = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => tool(`t${from + i}`, `Does number ${from + i}.`));
const tool = (name: string, description: string) => toolDocument({ id: `s:${name}`, server: 's', name, description });
const idsOf = (tools: readonly { readonly id: string }[]) => tools.map(({ id }) => id);

/** By the first letters of a text; two models give different ones. */
function vectorOf(text: string, seed: number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, i) => ((text.charCodeAt(i) || 0) + seed * i) % 7);
  vector[0] = (vector[0] ?? 0) + 1;
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

function model(identity: string, seed: number): Embedder {
  return {
    identity,
    dimensions: DIMENSIONS,
    embedTasks: async (texts) => texts.map((text) => vectorOf(text, seed)),
    embedDocuments: async (given) => given.map(({ name, description }) => vectorOf(name + description, seed)),
    close: async () => {},
  };
}

type Hooks = {
  /** Instead of vectors of tasks, or of documents. */
  tasks?: (closed: AbortSignal) => Promise<Float32Array[]>;
  documents?: (signal: AbortSignal | undefined) => Promise<Float32Array[]>;
};

/** Ids of the vectors that the storage has. */
function keptIn({ blobs }: MemoryStorage): string[] | undefined {
  const key = [...blobs.keys()].find((name) => name.endsWith('/s')) ?? '';
  const bytes = blobs.get(key);
  return bytes && readSnapshot(bytes, DIMENSIONS)?.map(({ id }) => id);
}

/** An index over a model that costs something and is bounded, and one that is always there; what happened to the first. */
function boundedIndex(most: number, hooks: Hooks = {}) {
  const clock = fakeClock();
  const storage = memoryStorage();
  const seen = { opened: 0, loaded: 0, closed: 0, asked: 0, read: [] as string[] };
  const limit = { most };
  const create = async () => {
    seen.loaded++;
    const closing = new AbortController();
    const real = model('encoder-1', 3);
    const embedder: Embedder = {
      ...real,
      async embedTasks(texts, signal) {
        seen.asked++;
        return hooks.tasks ? hooks.tasks(closing.signal) : real.embedTasks(texts, signal);
      },
      async embedDocuments(given, signal) {
        seen.read.push(...idsOf(given));
        return hooks.documents ? hooks.documents(signal) : real.embedDocuments(given, signal);
      },
      async close() {
        seen.closed++;
        closing.abort(new IndexError('closed', 'The encoder has been closed'));
      },
    };
    return embedder;
  };
  const open = () => {
    seen.opened++;
    const store = createEmbeddedVectorStore({ storage, clock });
    return { name: NAME, embedder: deferEmbedder(NAME, create), store, inBackground: true };
  };
  const bounded = { name: NAME, upTo: { documents: () => limit.most, setting: SETTING }, open };
  const always = () => ({ name: 'static', embedder: model('static-1', 5), store: createEmbeddedVectorStore() });
  const index = createToolIndex({ vectors: [bounded, always()], clock });
  const alone = createToolIndex({ vectors: [always()], clock });
  onTestFinished(async () => void (await Promise.all([index.close(), alone.close()])));
  /** A search, and the two seconds that the encoder leaves it alone for. */
  const searchAndBegin = async () => {
    await index.search(TASK);
    await clock.advance(2_000);
    await index.settled();
  };
  return { index, alone, clock, storage, seen, limit, searchAndBegin };
}

describe('a model that is bounded, among too many documents', () => {
  it('is not loaded or asked, and the other answers as if it were not there, and says so', async () => {
    const { index, alone, clock, seen } = boundedIndex(4);
    await index.upsert(documents(5));
    await alone.upsert(documents(5));
    await Promise.all([index.settled(), alone.settled()]);
    for (let i = 0; i < 5; i++) {
      const { spared, ...answer } = await index.search({ ...TASK, task: `tool ${i}` });
      expect(spared).toBe(`${NAME} is spared, because 5 tools are more than ${SETTING} (4)`);
      expect(answer).toEqual(await alone.search({ ...TASK, task: `tool ${i}` }));
      await clock.advance(60_000);
    }
    expect(seen).toMatchObject({ loaded: 0, asked: 0, read: [] });
    expect(index.status()[0]).toEqual({
      model: NAME,
      embedded: 0,
      pending: 0,
      spared: expect.stringContaining(SETTING),
    });
    expect(index.lacksTexts).toBe(false);
  });

  it('is never there where the most is none, not even for nothing', async () => {
    const { index, clock, seen } = boundedIndex(0);
    expect((await index.search(TASK)).spared).toContain(`${SETTING} (0)`);
    await clock.advance(60_000);
    expect(seen).toMatchObject({ opened: 0, loaded: 0 });
  });

  it('is there up to the very number', async () => {
    const { index, seen, searchAndBegin } = boundedIndex(5);
    await index.upsert(documents(5));
    await searchAndBegin();
    const answer = await index.search(TASK);
    expect(answer).toMatchObject({ mode: 'hybrid', model: NAME });
    expect(answer.spared ?? answer.progress ?? answer.degraded).toBeUndefined();
    expect(seen.read).toHaveLength(5);
  });
});

describe('a number of documents that crosses the bound', () => {
  it('puts the model away, and takes it back with the vectors that it had made', async () => {
    const { index, clock, seen, searchAndBegin } = boundedIndex(5);
    await index.upsert(documents(5));
    await searchAndBegin();
    const before = await index.search(TASK);

    await index.upsert(documents(2, 5));
    expect(await index.search(TASK)).toMatchObject({ model: 'static', spared: expect.stringContaining('7 tools') });
    await index.settled();
    expect(seen).toMatchObject({ loaded: 1, closed: 1 });

    await index.remove(idsOf(documents(2, 5)));
    expect(index.lacksTexts).toBe(true);
    const meanwhile = await index.search(TASK);
    expect(meanwhile).toMatchObject({ model: 'static', progress: `${NAME} begins after the next search` });
    expect(meanwhile.spared ?? meanwhile.degraded).toBeUndefined();
    await clock.advance(60_000);
    expect(seen.loaded, 'nothing begins without its texts').toBe(1);
    await expect(index.settled()).rejects.toThrow(`${NAME} lacks the texts of 5 tools`);

    expect(await index.upsert(documents(5))).toEqual({ added: 0, changed: 0, unchanged: 5 });
    expect(index.lacksTexts).toBe(false);
    await searchAndBegin();
    expect(await index.search(TASK)).toEqual(before);
    expect(seen).toMatchObject({ loaded: 2, read: idsOf(documents(5)) });
  });

  it('has it read only what is new or different when it is back', async () => {
    const { index, seen, searchAndBegin } = boundedIndex(5);
    await index.upsert(documents(5));
    await searchAndBegin();
    seen.read.length = 0;
    await index.upsert(documents(2, 5));
    await index.upsert([tool('t1', 'Does something else now.')]);
    await index.remove(['s:t0', 's:t2']);
    await index.settled().catch(() => {});
    await index.upsert([tool('t1', 'Does something else now.'), ...documents(2, 3), ...documents(2, 5)]);
    await searchAndBegin();
    expect(seen.read.sort()).toEqual(['s:t1', 's:t5', 's:t6']);
  });

  it('leaves no vector behind of a document that went while it was away', async () => {
    const { index, storage, searchAndBegin } = boundedIndex(5);
    const kept = () => keptIn(storage);
    await index.upsert(documents(5));
    await searchAndBegin();
    await index.upsert(documents(2, 5));
    await index.settled();
    expect(kept()?.sort()).toEqual(idsOf(documents(5)));
    // Twice, the second time before it was opened in between.
    await index.remove(idsOf(documents(3)));
    await index.upsert(documents(4, 7));
    await index.remove(idsOf(documents(6, 5)));
    await index.settled().catch(() => {});
    await index.upsert(documents(2, 3));
    await searchAndBegin();
    await index.close();
    expect(kept()?.sort()).toEqual(idsOf(documents(2, 3)));
  });

  it('leaves none behind of one that was about to be read anew when it was put away', async () => {
    const { index, storage, searchAndBegin } = boundedIndex(5);
    await index.upsert(documents(5));
    await searchAndBegin();
    await Promise.all([
      index.remove(['s:t0']),
      index.upsert([tool('t0', 'Does something else now.'), ...documents(2, 5)]),
    ]);
    await index.settled();
    await index.remove(['s:t0', ...idsOf(documents(2, 5))]);
    await index.settled().catch(() => {});
    await index.upsert(documents(4, 1));
    await searchAndBegin();
    await index.close();
    expect(keptIn(storage)?.sort()).toEqual(idsOf(documents(4, 1)));
  });

  it('ends what the model is reading, and waits for it no search and no change', async () => {
    let began: () => void = () => {};
    const reading = new Promise<void>((resolve) => {
      began = resolve;
    });
    let ended: unknown;
    const { index, clock, seen } = boundedIndex(5, {
      documents: (signal) => {
        began();
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => {
            ended = signal.reason;
            reject(signal.reason);
          }),
        );
      },
    });
    await index.upsert(documents(5));
    await index.search(TASK);
    await clock.advance(2_000);
    await reading;
    await index.upsert(documents(1, 5));
    expect(ended).toMatchObject({ fault: 'closed' });
    expect(await index.search(TASK)).toMatchObject({ model: 'static', spared: expect.any(String) });
    await index.settled();
    expect(seen.closed).toBe(1);
  });

  it('lets a search that the model is being asked for be answered by the other, as if nothing were wrong', async () => {
    const { index, seen, searchAndBegin } = boundedIndex(5, {
      tasks: (closed) => new Promise((_, reject) => closed.addEventListener('abort', () => reject(closed.reason))),
    });
    await index.upsert(documents(5));
    await searchAndBegin();
    const searching = index.search(TASK);
    await expect.poll(() => seen.asked).toBe(1);
    await index.upsert(documents(1, 5));
    const answer = await searching;
    expect(answer).toMatchObject({ mode: 'hybrid', model: 'static', spared: expect.stringContaining('6 tools') });
    expect(answer.degraded ?? answer.progress).toBeUndefined();
  });

  it('fails no search, however often it is crossed', async () => {
    const { index, seen, searchAndBegin } = boundedIndex(5);
    await index.upsert(documents(5));
    const models = new Set<string | undefined>();
    for (let round = 0; round < 40; round++) {
      const before = await index.search(TASK);
      const during = index.search(TASK);
      const changing = round % 2 === 0 ? index.upsert(documents(3, 5)) : index.remove(idsOf(documents(3, 5)));
      const answers = await Promise.all([before, during, index.search(TASK), changing.then(() => index.search(TASK))]);
      for (const { mode, degraded, hits } of answers) {
        expect({ mode, degraded, hits: hits.length }).toEqual({ mode: 'hybrid', degraded: undefined, hits: 3 });
      }
      for (const answer of answers) models.add(answer.model);
      if (round % 4 !== 1) continue;
      await index.settled().catch(() => {});
      await index.upsert(documents(5));
      await searchAndBegin();
    }
    expect([...models].sort()).toEqual(['static', NAME].sort());
    expect(new Set(seen.read).size, 'each was read once').toBe(seen.read.length);
  });
});

it('asks anew at each search how many are the most', async () => {
  const { index, limit, seen, searchAndBegin } = boundedIndex(4);
  await index.upsert(documents(5));
  expect((await index.search(TASK)).spared).toContain('(4)');
  limit.most = 5;
  expect((await index.search(TASK)).spared).toBeUndefined();
  expect(index.lacksTexts).toBe(true);
  await index.upsert(documents(5));
  await searchAndBegin();
  expect((await index.search(TASK)).model).toBe(NAME);
  limit.most = 3;
  expect(await index.search(TASK)).toMatchObject({ model: 'static', spared: expect.stringContaining('(3)') });
  await index.settled();
  expect(seen).toMatchObject({ loaded: 1, closed: 1 });
});
