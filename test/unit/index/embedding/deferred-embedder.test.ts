import { describe, expect, it } from 'vitest';
import { createToolIndex } from '../../../../index/create-tool-index.ts';
import { deferEmbedder } from '../../../../index/embedding/deferred-embedder.ts';
import type { Embedder } from '../../../../index/embedding/embedder.ts';
import { createEmbeddedVectorStore } from '../../../../index/store/embedded-vector-store.ts';
import { toolDocument } from '../../../../index/tool-document.ts';

const vector = () => Float32Array.of(1, 0);
function embedder(): Embedder & { closed: number } {
  return {
    identity: 'real',
    dimensions: 2,
    closed: 0,
    embedTasks: async (texts) => texts.map(vector),
    embedDocuments: async (documents) => documents.map(vector),
    async close() {
      this.closed++;
    },
  };
}
const never = () => new Promise<never>(() => {});

describe('deferred embedder', () => {
  it('is a name until it is ready, and then the embedder', async () => {
    const deferred = deferEmbedder('soon', async () => embedder());
    expect(deferred.identity).toBe('soon');
    await expect(deferred.embedTasks(['a'])).rejects.toMatchObject({
      fault: 'unreachable',
      message: 'soon is not ready yet',
    });
    await deferred.ready?.();
    expect([deferred.identity, deferred.dimensions]).toEqual(['real', 2]);
    expect(await deferred.embedTasks(['a'])).toEqual([vector()]);
  });

  it('creates once for all who wait, and again after a failure', async () => {
    let created = 0;
    const deferred = deferEmbedder('soon', async () => {
      if (++created === 1) throw new Error('no server');
      return embedder();
    });
    const both = await Promise.allSettled([deferred.ready?.(), deferred.ready?.()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all([deferred.ready?.(), deferred.ready?.()]);
    expect(created).toBe(2);
  });

  it('lets go of who leaves, ends what is begun on close, and closes what comes too late', async () => {
    const controller = new AbortController();
    const deferred = deferEmbedder('soon', never);
    const waiting = expect(deferred.ready?.(controller.signal)).rejects.toThrow('left');
    controller.abort(new Error('left'));
    await waiting;

    const late = embedder();
    let told: AbortSignal | undefined;
    let finish = () => {};
    const slow = deferEmbedder('slow', (signal) => {
      told = signal;
      return new Promise((resolve) => {
        finish = () => resolve(late);
      });
    });
    const asked = expect(slow.ready?.()).rejects.toMatchObject({ fault: 'closed' });
    const closing = slow.close();
    expect(told?.aborted).toBe(true);
    finish();
    await Promise.all([asked, closing]);
    expect(late.closed).toBe(1);
  });

  it('lets an index answer with words until it is there, and with vectors from then on', async () => {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const deferred = deferEmbedder('soon', async () => {
      await arrived;
      return embedder();
    });
    const index = createToolIndex({ vectors: [{ embedder: deferred, store: createEmbeddedVectorStore() }] });
    await index.upsert([toolDocument({ id: 'a', server: 's', name: 'read_file' })]);
    expect(await index.search({ task: 'read file', limit: 1 })).toMatchObject({
      mode: 'lexical',
      degraded: expect.stringContaining('soon'),
    });
    arrive();
    await index.settled();
    expect(await index.search({ task: 'read file', limit: 1 })).toMatchObject({ mode: 'hybrid' });
    await index.close();
  });
});
