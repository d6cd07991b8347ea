import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createToolIndex } from '../../../index/create-tool-index.ts';
import { deferEmbedder } from '../../../index/embedding/deferred-embedder.ts';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import { openEncoderEmbedder } from '../../../index/embedding/encoder-embedder.ts';
import { IndexError } from '../../../index/index-error.ts';
import { createEmbeddedVectorStore } from '../../../index/store/embedded-vector-store.ts';
import type { BlobStorage } from '../../../index/store/vector-store.ts';
import { type ToolDocument, toolDocument } from '../../../index/tool-document.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { memoryStorage } from '../../helpers/memory-storage.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { tinyEncoder } from '../../helpers/tiny-encoder.ts';

/** Knows a few synonyms, so that it finds what words alone cannot. */
const MEANINGS = [
  ['picture', 'image', 'photo', 'resize', 'shrink'],
  ['mail', 'message', 'letter', 'post'],
  ['money', 'invoice', 'bill', 'pay'],
];

type Faults = { tasks?: () => Promise<never>; documents?: (names: string[]) => void; identity?: string };

function synonymEmbedder(faults: Faults = {}): Embedder & { embedded: string[] } {
  const embedded: string[] = [];
  const vectorOf = (text: string) => {
    const vector = Float32Array.from({ length: 32 }, (_, i) =>
      i < MEANINGS.length ? Number(MEANINGS[i]?.some((word) => text.toLowerCase().includes(word))) : 0,
    );
    if (vector.every((x) => x === 0)) vector[31] = 1;
    const length = Math.hypot(...vector);
    return vector.map((x) => x / length);
  };
  return {
    embedded,
    identity: faults.identity ?? 'synonyms-1',
    dimensions: 32,
    embedTasks: async (texts) => (faults.tasks ? faults.tasks() : texts.map(vectorOf)),
    async embedDocuments(documents) {
      faults.documents?.(documents.map(({ name }) => name));
      embedded.push(...documents.map(({ id }) => id));
      return documents.map(({ name, description }) => vectorOf(`${name} ${description}`));
    },
    close: async () => {},
  };
}

const tool = (server: string, name: string, description: string): ToolDocument =>
  toolDocument({ id: `${server}:${name}`, server, name, description });

const CATALOG = [
  tool('graphics', 'resize_image', 'Change width and height of an image.'),
  tool('post', 'send_mail', 'Deliver an e-mail.'),
  tool('books', 'create_invoice', 'Bill a customer.'),
  tool('books', 'list_customers', 'All customers with their addresses.'),
];

async function indexWith(embedder: Embedder) {
  const index = createToolIndex({ vectors: [{ embedder, store: createEmbeddedVectorStore() }] });
  await index.upsert(CATALOG);
  return index;
}

interface CascadeOptions {
  readonly settled: number;
  readonly quickFaults?: Faults;
  /** What happens between the question to the costly model and its answer. */
  readonly whileCostly?: () => Promise<unknown>;
}

/** A search over two models, of which the costly one comes first and is asked when in doubt. */
function cascade({ settled, quickFaults = {}, whileCostly = async () => {} }: CascadeOptions) {
  const asked = { costly: 0, quick: 0 };
  const counting = (which: keyof typeof asked, faults: Faults): Embedder => {
    const embedder = synonymEmbedder({ identity: which, ...faults });
    const embedTasks: Embedder['embedTasks'] = async (...args) => {
      asked[which]++;
      if (which === 'costly') await whileCostly();
      return embedder.embedTasks(...args);
    };
    return { ...embedder, embedTasks };
  };
  const tuning = { share: 0.5, wordsInVerdict: 0.5, thresholds: { weak: 0.1, match: 0.3 }, settled };
  const source = (name: keyof typeof asked, faults: Faults = {}) => {
    return { name, embedder: counting(name, faults), store: createEmbeddedVectorStore(), tuning };
  };
  const index = createToolIndex({
    vectors: [{ ...source('costly'), whenInDoubt: true }, source('quick', quickFaults)],
  });
  return { index, asked };
}

describe('a model and a store that answer at once', () => {
  it.each([
    { isImmediate: true, timers: 0 },
    { isImmediate: false, timers: 1 },
  ])('need no deadline: $isImmediate', async ({ isImmediate, timers }) => {
    const clock = fakeClock();
    const waiting: number[] = [];
    const embedder = synonymEmbedder();
    const embedTasks: Embedder['embedTasks'] = (...args) => {
      waiting.push(clock.waiting);
      return embedder.embedTasks(...args);
    };
    const source = { embedder: { ...embedder, embedTasks, isImmediate }, store: createEmbeddedVectorStore() };
    const index = createToolIndex({ vectors: [source], clock });
    await index.upsert(CATALOG);
    await index.settled();
    expect(await index.search({ task: 'photo', limit: 5 })).toMatchObject({ mode: 'hybrid' });
    expect(waiting).toEqual([timers]);
    await index.close();
  });
});

describe('a costly model that is asked only when in doubt', () => {
  const CLEAR = { task: 'resize an image', limit: 3 };
  const VAGUE = { task: 'image mail', limit: 3 };

  it('is left alone where the quick one is sure, and says so', async () => {
    const { index, asked } = cascade({ settled: 0.3 });
    await index.upsert(CATALOG);
    await index.settled();
    const answer = await index.search(CLEAR);
    expect(answer).toMatchObject({ mode: 'hybrid', model: 'quick', verdict: 'match' });
    expect(answer.hits[0]?.id).toBe('graphics:resize_image');
    expect(asked).toEqual({ costly: 0, quick: 1 });
    expect(await index.search(CLEAR)).toEqual(answer);
    await index.close();
  });

  it('is asked where the first hits stand close together', async () => {
    const { index, asked } = cascade({ settled: 0.3 });
    await index.upsert(CATALOG);
    await index.settled();
    expect(await index.search(VAGUE)).toMatchObject({ mode: 'hybrid', model: 'costly' });
    expect(asked).toEqual({ costly: 1, quick: 1 });
    await index.close();
  });

  it('lets a request say once of each tool whether it may be seen, until tools come', async () => {
    const shown: string[] = [];
    const allow = ({ id }: { id: string }) => shown.push(id) > 0;
    const late = tool('graphics', 'crop_image', 'Cut the edges of an image.');
    let coming: ToolDocument[] = [];
    const { index } = cascade({ settled: 0.3, whileCostly: () => index.upsert(coming) });
    await index.upsert(CATALOG);
    await index.settled();
    expect(await index.search({ ...VAGUE, allow })).toMatchObject({ model: 'costly', searched: CATALOG.length });
    expect(shown).toEqual(CATALOG.map(({ id }) => id));
    coming = [late];
    const { hits, searched } = await index.search({ ...VAGUE, allow });
    expect(searched).toBe(CATALOG.length + 1);
    expect(hits.map(({ id }) => id)).toContain(late.id);
    await index.close();
  });

  it('is always asked where the quick model has no such threshold', async () => {
    const { index, asked } = cascade({ settled: Number.POSITIVE_INFINITY });
    await index.upsert(CATALOG);
    await index.settled();
    expect(await index.search(CLEAR)).toMatchObject({ model: 'costly' });
    expect(asked.costly).toBe(1);
    await index.close();
  });

  it('answers where the quick one fails', async () => {
    const tasks = async () => {
      throw new Error('broken');
    };
    const { index } = cascade({ settled: 0.3, quickFaults: { tasks } });
    await index.upsert(CATALOG);
    await index.settled();
    const answer = await index.search(CLEAR);
    expect(answer).toMatchObject({ mode: 'hybrid', model: 'costly' });
    expect(answer.degraded).toBeUndefined();
    await index.close();
  });

  it('leaves other searches and tools that go meanwhile their own evidence', async () => {
    const meanwhile: (() => Promise<unknown>)[] = [];
    const { index } = cascade({ settled: 0.3, whileCostly: async () => meanwhile.shift()?.() });
    await index.upsert(CATALOG);
    await index.settled();
    const alone = await index.search(VAGUE);
    meanwhile.push(() => index.search({ task: 'all customers', limit: 3 }));
    expect(await index.search(VAGUE)).toEqual(alone);
    meanwhile.push(() => index.remove(['post:send_mail']));
    const { hits } = await index.search(VAGUE);
    expect(alone.hits.map(({ id }) => id)).toContain('post:send_mail');
    expect(hits.map(({ id }) => id)).not.toContain('post:send_mail');
    await index.close();
  });

  it('answers in time where the quick one hangs', async () => {
    const tasks = () => new Promise<never>(() => {});
    const { index } = cascade({ settled: 0.3, quickFaults: { tasks } });
    await index.upsert(CATALOG);
    await index.settled();
    expect(await index.search({ ...CLEAR, deadlineMs: 2_000 })).toMatchObject({ mode: 'hybrid', model: 'costly' });
    await index.close();
  });
});

describe('hybrid search', () => {
  it('finds by meaning what shares no word', async () => {
    const index = await indexWith(synonymEmbedder());
    await index.settled();
    const answer = await index.search({ task: 'shrink these photos', limit: 2 });
    expect(answer).toMatchObject({ mode: 'hybrid', matched: 0 });
    expect(answer.degraded).toBeUndefined();
    expect(answer.hits[0]?.id).toBe('graphics:resize_image');
    await index.close();
  });

  it('waits for vectors that are nearly there, also in the first search', async () => {
    const index = await indexWith(synonymEmbedder());
    const answer = await index.search({ task: 'shrink these photos', limit: 1 });
    expect(answer).toMatchObject({ mode: 'hybrid', hits: [{ id: 'graphics:resize_image' }] });
    await index.close();
  });

  it('keeps what may not be seen out of the vector hits too', async () => {
    const index = await indexWith(synonymEmbedder());
    await index.settled();
    const answer = await index.search({ task: 'photo', limit: 5, allow: ({ id }) => id !== 'graphics:resize_image' });
    expect(answer.searched).toBe(3);
    expect(answer.hits.map(({ id }) => id)).not.toContain('graphics:resize_image');
    await index.close();
  });

  it('gives vectors the say that their tuning grants', async () => {
    const thresholds = { weak: 0, match: 0 };
    const first = async (share: number) => {
      const vectors = [
        {
          embedder: synonymEmbedder(),
          store: createEmbeddedVectorStore(),
          tuning: { share, wordsInVerdict: 0.35, thresholds },
        },
      ];
      const index = createToolIndex({ vectors });
      await index.upsert(CATALOG);
      await index.settled();
      const { hits, verdict } = await index.search({ task: 'all customers with a photo', limit: 1 });
      await index.close();
      return [hits[0]?.id, verdict];
    };
    expect(await first(0.05)).toEqual(['books:list_customers', 'match']);
    expect(await first(0.95)).toEqual(['graphics:resize_image', 'match']);
  });

  it('embeds only what changed', async () => {
    const embedder = synonymEmbedder();
    const index = await indexWith(embedder);
    await index.settled();
    await index.upsert([...CATALOG.slice(0, 3), tool('books', 'list_customers', 'Everybody who pays.')]);
    await index.settled();
    expect(embedder.embedded).toEqual([...CATALOG.map(({ id }) => id), 'books:list_customers']);
    await index.remove(['post:send_mail']);
    await index.settled();
    const { hits } = await index.search({ task: 'letter', limit: 5 });
    expect(hits.map(({ id }) => id)).not.toContain('post:send_mail');
    await index.close();
  });
});

describe('vectors of documents that change while they are made', () => {
  const before = tool('graphics', 'resize_image', 'Change width and height of an image.');
  const after = tool('graphics', 'resize_image', 'Deliver a letter.');
  const nearest = async (index: Awaited<ReturnType<typeof indexWith>>, task: string) =>
    (await index.search({ task, limit: 5 })).hits.find(({ id }) => id === before.id)?.features.cosine ?? 0;

  it('are those of the last version, which may be the first again', async () => {
    const index = await indexWith(synonymEmbedder());
    await index.settled();
    await index.upsert([after]);
    await index.upsert([before]);
    await index.settled();
    expect(await nearest(index, 'photo')).toBeCloseTo(1, 5);
    await index.close();
  });

  it('go with a document that goes as the index is closed', async () => {
    const storage = memoryStorage();
    const open = async (documents: readonly ToolDocument[]) => {
      const index = createToolIndex({
        vectors: [{ embedder: synonymEmbedder(), store: createEmbeddedVectorStore({ storage }) }],
      });
      await index.upsert(documents);
      await index.settled();
      return index;
    };
    const first = await open(CATALOG);
    await Promise.all([first.remove(['post:send_mail']), first.close()]);
    const second = await open(CATALOG.slice(0, 1));
    expect(second.status()).toMatchObject([{ embedded: CATALOG.length - 1 }]);
    await second.close();
  });
});

describe('when vectors fail', () => {
  it('answers by words within the deadline when the embedder hangs, and says why', async () => {
    const index = await indexWith(synonymEmbedder({ tasks: () => new Promise(() => {}) }));
    await index.settled();
    const answer = await index.search({ task: 'customers addresses', limit: 1, deadlineMs: 500 });
    expect(answer).toMatchObject({ mode: 'lexical', degraded: expect.stringContaining('did not answer within') });
    expect(answer.hits[0]?.id).toBe('books:list_customers');
    await index.close();
  });

  it('has time for the model below when the better one hangs', async () => {
    const source = (embedder: Embedder) => ({ embedder, store: createEmbeddedVectorStore() });
    const hanging = synonymEmbedder({ identity: 'hangs', tasks: () => new Promise(() => {}) });
    const clock = fakeClock();
    const index = createToolIndex({ vectors: [source(hanging), source(synonymEmbedder())], clock });
    await index.upsert(CATALOG);
    await index.settled();
    const searching = index.search({ task: 'photo', limit: 1, deadlineMs: 50 });
    await expect.poll(() => clock.waiting).toBe(1);
    await clock.advance(30);
    const answer = await searching;
    expect(answer).toMatchObject({ mode: 'hybrid', degraded: expect.stringContaining('hangs') });
    expect(answer.hits[0]?.id).toBe('graphics:resize_image');
    await index.close();
  });

  it('does not ask again at once after a failure', async () => {
    let asked = 0;
    const failing = async () => {
      asked++;
      throw new IndexError('unreachable', 'The embedding server is gone');
    };
    const index = await indexWith(synonymEmbedder({ tasks: failing }));
    await index.settled();
    for (let i = 0; i < 3; i++) {
      expect(await index.search({ task: 'customers', limit: 1 })).toMatchObject({
        mode: 'lexical',
        degraded: 'The embedding server is gone',
      });
    }
    expect(asked).toBe(1);
    await index.close();
  });

  it.each([
    ['of not-a-numbers', new Float32Array(32).fill(Number.NaN)],
    ['of the wrong length', new Float32Array(31).fill(0.1)],
  ])('#68 leaves out only documents with vectors %s', async (_, bad) => {
    const embedder = synonymEmbedder();
    const honest = embedder.embedDocuments;
    embedder.embedDocuments = async (documents) =>
      (await honest(documents)).map((vector, i) => (documents[i]?.name === 'create_invoice' ? bad : vector));
    const index = await indexWith(embedder);
    await expect.poll(() => index.status()[0]).toMatchObject({ pending: 0, embedded: 3 });
    expect((await index.search({ task: 'photo', limit: 1 })).hits[0]?.id).toBe('graphics:resize_image');
    expect((await index.search({ task: 'create_invoice', limit: 1 })).hits[0]?.id).toBe('books:create_invoice');
    await index.close();
  });

  it('lets the model below serve while a better one is still indexing, then swaps', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = synonymEmbedder({ identity: 'slow-1' });
    const honest = slow.embedDocuments;
    slow.embedDocuments = async (documents) => {
      await gate;
      return honest(documents);
    };
    let asked = 0;
    const embedTasks = slow.embedTasks;
    slow.embedTasks = async (texts) => {
      asked++;
      return embedTasks(texts);
    };
    const source = (embedder: Embedder) => ({ embedder, store: createEmbeddedVectorStore() });
    const index = createToolIndex({ vectors: [source(slow), source(synonymEmbedder())] });
    await index.upsert(CATALOG);
    await expect.poll(() => index.status()[1]?.pending).toBe(0);
    const meanwhile = await index.search({ task: 'photo', limit: 1 });
    expect(meanwhile).toMatchObject({ mode: 'hybrid', degraded: expect.stringContaining('still indexing') });
    expect(asked).toBe(0);
    release();
    await index.settled();
    const after = await index.search({ task: 'photo', limit: 1 });
    expect(after.degraded).toBeUndefined();
    expect(asked).toBe(1);
    await index.close();
  });
});

describe('a source that a search has patience with', () => {
  const SLOW_CATALOG = Array.from({ length: 60 }, (_, i) =>
    CATALOG.map((tool) => ({ ...tool, id: `${tool.id}${i}` })),
  ).flat();
  const open = (better: Embedder, patienceMs: number, storage?: BlobStorage) => {
    const store = createEmbeddedVectorStore({ storage });
    const below = { embedder: synonymEmbedder(), store: createEmbeddedVectorStore() };
    return createToolIndex({ vectors: [{ embedder: better, store, inBackground: true, patienceMs }, below] });
  };
  const named = () => synonymEmbedder({ identity: 'better-1' });

  it('answers the first search when it can be complete by then', async () => {
    const index = open(named(), 3_000);
    await index.upsert(CATALOG);
    const answer = await index.search({ task: 'photo', limit: 1 });
    expect(index.status()[0]).toMatchObject({ embedded: CATALOG.length, pending: 0 });
    expect(answer.progress ?? answer.degraded).toBeUndefined();
    await index.close();
  });

  it('answers by the vectors that another process has stored, however many they are', async () => {
    const storage = memoryStorage();
    const first = open(named(), 60_000, storage);
    await first.upsert(SLOW_CATALOG);
    await first.search({ task: 'photo', limit: 1 });
    await first.close();
    const better = named();
    const index = open(better, 1_000, storage);
    await index.upsert(SLOW_CATALOG);
    const answer = await index.search({ task: 'photo', limit: 1 });
    expect(answer.progress ?? answer.degraded).toBeUndefined();
    expect(better.embedded).toEqual([]);
    await index.close();
  });

  it('begins nothing that would take longer, says how much is there, and stores nothing', async () => {
    const better = named();
    const storage = memoryStorage();
    const { blobs } = storage;
    const index = open(better, 1_000, storage);
    await index.upsert(SLOW_CATALOG);
    const answer = await index.search({ task: 'photo', limit: 1 });
    expect(answer).toMatchObject({ mode: 'hybrid', progress: 'better-1 has read 0 of 240 tools' });
    expect(answer.degraded).toBeUndefined();
    await index.close();
    expect(better.embedded).toEqual([]);
    expect([...blobs.keys()].filter((key) => key.split('/').length > 2)).toEqual([]);
  });

  it('#68 is not waited for when it cannot be opened', async () => {
    const broken = deferEmbedder('the encoder', () =>
      Promise.reject(new IndexError('missing', 'The file is not there')),
    );
    const index = open(broken, 600_000);
    await index.upsert(CATALOG);
    expect(await index.search({ task: 'photo', limit: 1 })).toMatchObject({
      mode: 'hybrid',
      degraded: 'The file is not there',
    });
    await index.close();
  });
});

describe('a source in the background', () => {
  const behind = (embedder: Embedder) => ({ embedder, store: createEmbeddedVectorStore(), inBackground: true });
  const below = () => ({ embedder: synonymEmbedder(), store: createEmbeddedVectorStore() });
  const encoder = (modelFile: string) => deferEmbedder('the encoder', () => openEncoderEmbedder({ modelFile }));

  it('begins a moment after the first search, tells how far it is, and then answers', async () => {
    const better = synonymEmbedder({ identity: 'better-1' });
    const clock = fakeClock();
    const index = createToolIndex({ vectors: [behind(better), below()], clock });
    await index.upsert(CATALOG);
    await expect.poll(() => index.status()[1]?.pending).toBe(0);
    await clock.advance(60_000);
    expect(better.embedded).toEqual([]);
    const meanwhile = await index.search({ task: 'photo', limit: 1 });
    expect(meanwhile).toMatchObject({ mode: 'hybrid', progress: 'better-1 begins after the first search' });
    expect(meanwhile.degraded).toBeUndefined();
    expect(better.embedded).toEqual([]);
    await clock.advance(2_000);
    await expect.poll(() => index.status()[0]?.pending).toBe(0);
    expect(better.embedded).toHaveLength(CATALOG.length);
    const after = await index.search({ task: 'photo', limit: 1 });
    expect(after).toMatchObject({ mode: 'hybrid', hits: [{ id: 'graphics:resize_image' }] });
    expect(after.progress ?? after.degraded).toBeUndefined();
    await index.close();
  });

  it('never begins when nobody searches, and closes all the same', async () => {
    const better = synonymEmbedder({ identity: 'better-1' });
    const clock = fakeClock();
    const index = createToolIndex({ vectors: [behind(better), below()], clock });
    await index.upsert(CATALOG);
    await index.search({ task: 'photo', limit: 1 });
    await index.close();
    await clock.advance(60_000);
    expect(better.embedded).toEqual([]);
  });

  it('answers by the built-in encoder when that has read all tools', async () => {
    const modelFile = join(tempDir(), 'encoder.bin');
    writeFileSync(modelFile, tinyEncoder().bytes);
    const index = createToolIndex({ vectors: [behind(encoder(modelFile)), below()] });
    await index.upsert(CATALOG);
    await index.settled();
    const answer = await index.search({ task: 'create_invoice', limit: 1, deadlineMs: 20_000 });
    expect(answer).toMatchObject({ mode: 'hybrid', hits: [{ id: 'books:create_invoice' }] });
    expect(answer.progress ?? answer.degraded).toBeUndefined();
    expect(index.status()[0]).toMatchObject({ model: expect.stringMatching(/^builtin-tiny-/), embedded: 4 });
    await index.close();
  });

  it.each<[string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
    ['missing', () => undefined, /not at/],
    ['cut off', (bytes) => bytes.subarray(0, bytes.length / 2), /broken/],
    ['something else', () => Buffer.from('no model'), /broken/],
  ])(
    '#68 leaves the model below serving when the encoder is %s, and says so once an answer',
    async (_, spoil, reason) => {
      const modelFile = join(tempDir(), 'encoder.bin');
      const spoilt = spoil(tinyEncoder().bytes);
      if (spoilt) writeFileSync(modelFile, spoilt);
      const index = createToolIndex({ vectors: [behind(encoder(modelFile)), below()] });
      await index.upsert(CATALOG);
      await index.settled().catch(() => {});
      const answer = await index.search({ task: 'photo', limit: 1 });
      expect(answer).toMatchObject({ mode: 'hybrid', degraded: expect.stringMatching(reason) });
      expect(answer.hits[0]?.id).toBe('graphics:resize_image');
      expect(answer.progress).toBeUndefined();
      await index.close();
    },
  );
});
