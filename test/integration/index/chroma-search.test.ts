import { fileURLToPath } from 'node:url';
import { AdminClient, ChromaClient } from 'chromadb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createToolIndex, type ObservableToolIndex } from '../../../index/create-tool-index.ts';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import { openStaticEmbedder } from '../../../index/embedding/static-embedder.ts';
import { createChromaStore } from '../../../index/store/chroma-store.ts';
import { createEmbeddedVectorStore } from '../../../index/store/embedded-vector-store.ts';
import type { VectorStore } from '../../../index/store/vector-store.ts';
import type { ToolDocument } from '../../../index/tool-document.ts';
import { type ChromaServer, findChroma, startChroma } from '../../helpers/chroma-server.ts';
import { makeTempDir } from '../../helpers/temp-dir.ts';
import { qualityQueries, qualityTools } from '../../quality/fixtures.ts';

const program = findChroma();
const modelFile = fileURLToPath(new URL('../../../index/model/static.bin', import.meta.url));

describe.skipIf(!program)('search on Chroma', () => {
  const dir = makeTempDir('chroma');
  const tools = qualityTools();
  const queries = qualityQueries().map(({ query }) => query);
  const indexes: ObservableToolIndex[] = [];
  let server: ChromaServer;
  let run = 0;

  beforeAll(async () => {
    server = await startChroma(program ?? '', dir.path);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(indexes.map((index) => index.close()));
    await server?.stop();
    dir.remove();
  });
  beforeEach(() => {
    run++;
  });

  const chroma = (options: { readonly database?: string } = {}) =>
    createChromaStore({
      address: async () => server.address,
      collectionPrefix: `run${run}`,
      timeoutMs: 30_000,
      ...options,
    });
  const place = () => ({ host: new URL(server.address).hostname, port: Number(new URL(server.address).port) });
  const deleteCollections = async () => {
    const client = new ChromaClient({ ...place(), tenant: 'default_tenant', database: 'default_database' });
    const names = (await client.listCollections({ limit: 1_000 })).map(({ name }) => name);
    for (const name of names) if (name.startsWith(`run${run}-`)) await client.deleteCollection({ name });
  };
  const create = async (store: VectorStore, embedder?: Embedder) => {
    const index = createToolIndex({
      vectors: [{ embedder: embedder ?? (await openStaticEmbedder(modelFile)), store }],
    });
    indexes.push(index);
    return index;
  };
  const filled = async (store: VectorStore, documents: readonly ToolDocument[] = tools) => {
    const index = await create(store);
    await index.upsert(documents);
    await index.settled();
    return index;
  };
  const ask = (index: ObservableToolIndex, task: string) => index.search({ task, limit: 10, deadlineMs: 30_000 });

  it('ranks every request of the quality suite as the embedded store does', async () => {
    const [onChroma, embedded] = [await filled(chroma()), await filled(createEmbeddedVectorStore())];
    expect(queries.length).toBeGreaterThan(300);
    for (const task of queries) {
      const [there, here] = [await ask(onChroma, task), await ask(embedded, task)];
      expect(there.mode).toBe('hybrid');
      expect({ task, verdict: there.verdict, ids: ids(there) }).toEqual({
        task,
        verdict: here.verdict,
        ids: ids(here),
      });
      for (const [i, hit] of there.hits.entries()) expect(hit.score).toBeCloseTo(here.hits[i]?.score ?? 0, 3);
    }
  }, 180_000);

  it('finds only what the principal may see', async () => {
    const index = await filled(chroma());
    const servers = [...new Set(tools.map((each) => each.server))].slice(0, 3);
    const allow = (document: { server: string }) => servers.includes(document.server);
    for (const task of queries.slice(0, 20)) {
      const answer = await index.search({ task, limit: 20, allow, deadlineMs: 30_000 });
      expect(answer.mode).toBe('hybrid');
      for (const hit of answer.hits) expect(servers).toContain(hit.server);
    }
  });

  it('keeps the vectors of a model that is put away among more tools, and drops those of tools that went meanwhile', async () => {
    const embedder = await openStaticEmbedder(modelFile);
    const read: string[] = [];
    const reading: Embedder = {
      identity: 'put-away',
      dimensions: embedder.dimensions,
      embedTasks: (...args) => embedder.embedTasks(...args),
      close: async () => {},
      async embedDocuments(documents) {
        read.push(...documents.map(({ id }) => id));
        return embedder.embedDocuments(documents);
      },
    };
    const upTo = { documents: () => 200, setting: 'the test' };
    const bounded = { name: 'bounded', upTo, open: () => ({ name: 'bounded', embedder: reading, store: chroma() }) };
    const index = createToolIndex({ vectors: [bounded, { embedder, store: createEmbeddedVectorStore() }] });
    indexes.push(index);
    const stored = async () => {
      const client = new ChromaClient({ ...place(), tenant: 'default_tenant', database: 'default_database' });
      const collections = await client.listCollections({ limit: 1_000 });
      return collections.find(({ name }) => name.startsWith(`run${run}-`))?.count();
    };
    await index.upsert(tools.slice(0, 200));
    await index.settled();
    expect((await ask(index, queries[0] ?? '')).model).toBe('bounded');
    await index.upsert(tools.slice(200));
    expect((await ask(index, queries[0] ?? '')).spared).toContain('320 tools are more than the test (200)');
    await index.settled();
    expect([read.length, await stored()]).toEqual([200, 200]);
    await index.remove(tools.slice(0, 150).map(({ id }) => id));
    await expect.poll(() => index.lacksTexts).toBe(true);
    await index.upsert(tools.slice(150));
    await index.settled();
    await expect.poll(stored).toBe(170);
    expect(read).toEqual([...tools.slice(0, 200), ...tools.slice(200)].map(({ id }) => id));
    expect((await ask(index, queries[0] ?? '')).model).toBe('bounded');
  });

  it('#68 answers with words while Chroma is dead, and completes the index run when it is back', async () => {
    const index = await create(chroma(), await atSecondBatch(() => server.signal('SIGKILL')));
    await index.upsert(tools);
    await expect.poll(() => index.status()[0]?.problem, { timeout: 30_000 }).toContain(server.address);
    const [status] = index.status();
    expect(status?.embedded).toBeGreaterThan(0);
    expect(status?.pending).toBeGreaterThan(0);
    const meanwhile = await ask(index, queries[0] ?? '');
    expect(meanwhile).toMatchObject({ mode: 'lexical', degraded: expect.stringContaining(server.address) });
    expect(meanwhile.hits.length).toBeGreaterThan(0);
    await server.restart();
    await expect.poll(() => index.status()[0]?.pending, { timeout: 60_000 }).toBe(0);
    await expect.poll(async () => (await ask(index, queries[0] ?? '')).mode, { timeout: 60_000 }).toBe('hybrid');
  }, 180_000);

  it('#68 fills a collection again that was deleted, says so meanwhile, and forgets what had gone', async () => {
    const [removed, ...left] = tools;
    const gateways = [await filled(chroma()), await filled(chroma())];
    for (const index of gateways) await index.remove([removed?.id ?? '']);
    for (const index of gateways) await index.settled();
    const before = await Promise.all(gateways.map((index) => ask(index, queries[0] ?? '')));
    await deleteCollections();
    for (const index of gateways) {
      const meanwhile = await ask(index, queries[0] ?? '');
      expect(meanwhile).toMatchObject({ mode: 'lexical', degraded: expect.stringMatching(/deleted|still indexing/) });
      expect(meanwhile.hits.length).toBeGreaterThan(0);
    }
    for (const [i, index] of gateways.entries()) {
      await expect.poll(async () => (await ask(index, queries[0] ?? '')).mode).toBe('hybrid');
      await index.settled();
      expect(index.status()[0]).toMatchObject({ embedded: left.length, pending: 0 });
      expect(ids(await ask(index, queries[0] ?? ''))).toEqual(ids(before[i] ?? { hits: [] }));
    }
  });

  it('#68 fills a collection again that was deleted while it was being filled', async () => {
    const index = await create(chroma(), await atSecondBatch(deleteCollections));
    await index.upsert(tools);
    await expect.poll(() => index.status()[0]).toMatchObject({ embedded: tools.length, pending: 0 });
    expect(await ask(index, queries[0] ?? '')).toMatchObject({ mode: 'hybrid' });
  });

  it('#68 waits for a database that was deleted, naming it, and fills it when somebody has made it again', async () => {
    const admin = new AdminClient({ ...place(), ssl: false });
    const database = { name: `db${run}`, tenant: 'default_tenant' };
    await admin.createDatabase(database);
    const index = await filled(chroma({ database: database.name }));
    await admin.deleteDatabase(database);
    await ask(index, queries[0] ?? '');
    await expect
      .poll(async () => (await ask(index, queries[0] ?? '')).degraded)
      .toContain(`has no database ${database.name}`);
    await admin.createDatabase(database);
    await expect.poll(async () => (await ask(index, queries[0] ?? '')).mode).toBe('hybrid');
  });

  it('lets two gateways index at once, and both answer alike', async () => {
    const [one, two] = await Promise.all([filled(chroma()), filled(chroma(), [...tools].reverse())]);
    for (const task of queries.slice(0, 40)) {
      const [first, second] = await Promise.all([ask(one, task), ask(two, task)]);
      expect(ids(first)).toEqual(ids(second));
    }
  }, 120_000);

  it('finds what was indexed before without indexing it again', async () => {
    await filled(chroma());
    const embedder = await openStaticEmbedder(modelFile);
    const embedded: string[] = [];
    const counting: Embedder = {
      identity: embedder.identity,
      dimensions: embedder.dimensions,
      embedTasks: (...args) => embedder.embedTasks(...args),
      close: () => embedder.close(),
      embedDocuments(documents, signal) {
        embedded.push(...documents.map(({ id }) => id));
        return embedder.embedDocuments(documents, signal);
      },
    };
    const [changed, ...same] = tools;
    const index = await create(chroma(), counting);
    await index.upsert([...same, { ...(changed ?? tools[0]), description: 'Something else.' } as ToolDocument]);
    await index.settled();
    expect(embedded).toEqual([changed?.id]);
  });
});

const ids = (answer: { hits: readonly { id: string }[] }) => answer.hits.map(({ id }) => id);

/** The static model, which has something happen in the middle of an index run. */
async function atSecondBatch(happen: () => unknown): Promise<Embedder> {
  const embedder = await openStaticEmbedder(modelFile);
  let batches = 0;
  return {
    identity: embedder.identity,
    dimensions: embedder.dimensions,
    embedTasks: (...args) => embedder.embedTasks(...args),
    close: () => embedder.close(),
    async embedDocuments(...args) {
      if (++batches === 2) await happen();
      return embedder.embedDocuments(...args);
    },
  };
}
