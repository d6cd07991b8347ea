import { describe, expect, it } from 'vitest';
import { createToolIndex } from '../../../index/create-tool-index.ts';
import { openStaticEmbedder } from '../../../index/embedding/static-embedder.ts';
import { createEmbeddedVectorStore } from '../../../index/store/embedded-vector-store.ts';
import type { BlobStorage } from '../../../index/store/vector-store.ts';
import { type ToolDocument, toolDocument } from '../../../index/tool-document.ts';
import type { ToolIndex } from '../../../index/tool-index.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { memoryStorage } from '../../helpers/memory-storage.ts';
import { qualityTools } from '../../quality/fixtures.ts';

const TOOLS = qualityTools();
const TASKS = ['send an email', 'create_issue', 'previsão do tempo', 'docker container', 'refund', 'zebra'];
const answers = (index: ToolIndex) => Promise.all(TASKS.map((task) => index.search({ task, limit: 20 })));

async function closedIndex(storage: BlobStorage, documents: readonly ToolDocument[]): Promise<void> {
  const index = createToolIndex({ storage });
  await index.upsert(documents);
  await index.close();
}

async function freshAnswers(documents: readonly ToolDocument[]) {
  const index = createToolIndex();
  await index.upsert(documents);
  return answers(index);
}

describe('the words of the last run', () => {
  it('answer like words that were just read, and are not written again', async () => {
    const storage = memoryStorage();
    await closedIndex(storage, TOOLS);
    const before = storage.writes;
    const index = createToolIndex({ storage });
    expect(index.size).toBe(0);
    expect(await index.upsert(TOOLS)).toEqual({ added: TOOLS.length, changed: 0, unchanged: 0 });
    expect(await answers(index)).toEqual(await freshAnswers(TOOLS));
    await index.close();
    expect(storage.writes).toBe(before);
  });

  it('give way to what has changed, went or came since', async () => {
    const storage = memoryStorage();
    await closedIndex(storage, TOOLS);
    const changed = TOOLS.slice(20).map((document, i) =>
      i % 9 === 0 ? { ...document, description: `${document.description} zebra` } : document,
    );
    const now = [...changed, toolDocument({ id: 'new', server: 'zoo', name: 'feed_zebra' })];
    const index = createToolIndex({ storage });
    await index.upsert(now);
    expect(await answers(index)).toEqual(await freshAnswers(now));
    expect(await index.remove(now.slice(0, 100).map(({ id }) => id))).toBe(100);
    expect(await answers(index)).toEqual(await freshAnswers(now.slice(100)));
    await index.close();
    const third = createToolIndex({ storage });
    await third.upsert(now.slice(100));
    expect(await answers(third)).toEqual(await freshAnswers(now.slice(100)));
  });

  it('are never found before somebody brings the tool again', async () => {
    const storage = memoryStorage();
    await closedIndex(storage, TOOLS);
    const index = createToolIndex({ storage });
    expect(await index.search({ task: 'send an email', limit: 5 })).toMatchObject({
      hits: [],
      matched: 0,
      searched: 0,
    });
    await index.upsert(TOOLS);
    expect(await answers(index)).toEqual(await freshAnswers(TOOLS));
  });

  it('are written some time after a change, once', async () => {
    const storage = memoryStorage();
    const clock = fakeClock();
    const index = createToolIndex({ storage, clock });
    await index.upsert(TOOLS.slice(0, 10));
    await index.upsert(TOOLS.slice(10, 20));
    expect(storage.writes).toBe(0);
    await clock.advance(60_000);
    expect(storage.writes).toBe(1);
    await index.close();
    expect(storage.writes).toBe(1);
  });

  it.each([
    ['damaged', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 500 ? byte ^ 1 : byte))],
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, 300)],
    ['empty', () => new Uint8Array()],
    ['of another version', (bytes: Uint8Array) => Buffer.concat([Buffer.from('TDXLEX0\n'), bytes.subarray(8)])],
  ])('#68 are read anew when the snapshot is %s', async (_, damage) => {
    const storage = memoryStorage();
    const { blobs } = storage;
    await closedIndex(storage, TOOLS);
    blobs.set('words', damage(blobs.get('words') ?? new Uint8Array()));
    const index = createToolIndex({ storage });
    await index.upsert(TOOLS);
    expect(await answers(index)).toEqual(await freshAnswers(TOOLS));
  });
});

describe('a disk that fails', () => {
  const faults = { read: 'database is locked', write: 'database or disk is full', delete: 'disk I/O error' } as const;

  it.each(Object.entries(faults))('#67 stops neither a search nor the process: %s, %s', async (operation, message) => {
    const clock = fakeClock();
    const storage = memoryStorage();
    const broken: BlobStorage = {
      ...storage,
      [operation]: () => {
        throw new Error(message);
      },
    };
    const store = createEmbeddedVectorStore({ storage: broken, clock });
    const embedder = await openStaticEmbedder('index/model/static.bin');
    const index = createToolIndex({ storage: broken, clock, vectors: [{ embedder, store }] });
    await index.upsert(TOOLS);
    await index.settled();
    await clock.advance(60_000);
    await index.remove(TOOLS.slice(0, 100).map(({ id }) => id));
    await index.settled();
    await clock.advance(60_000);
    expect(await index.search({ task: 'send an email', limit: 3 })).toMatchObject({ mode: 'hybrid' });
    await index.close();
  });
});
