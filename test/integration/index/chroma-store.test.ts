import { ChromaClient } from 'chromadb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChromaStoreOptions, createChromaStore } from '../../../index/store/chroma-store.ts';
import type { VectorRecord, VectorStore } from '../../../index/store/vector-store.ts';
import { type ChromaServer, findChroma, startChroma } from '../../helpers/chroma-server.ts';
import { makeTempDir } from '../../helpers/temp-dir.ts';

const program = findChroma();
const MODEL = { identity: 'test-model:1', dimensions: 32 };

/** Numbers that repeat from run to run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const random = randomNumbers(68);
function unitVector(dimensions = MODEL.dimensions): Float32Array {
  const values = Array.from({ length: dimensions }, () => random() - 0.5);
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}
const record = (id: string, server = 'files', hash = 'h1'): VectorRecord => ({
  id,
  server,
  hash,
  vector: unitVector(),
});
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
/** What an exact search says: ids, best first. */
const exact = (records: readonly VectorRecord[], vector: Float32Array, limit: number) =>
  [...records]
    .sort((a, b) => dot(b.vector, vector) - dot(a.vector, vector))
    .slice(0, limit)
    .map(({ id }) => id);

describe.skipIf(!program)('chroma store', () => {
  const dir = makeTempDir('chroma');
  let server: ChromaServer;
  let prefix: string;
  const stores: VectorStore[] = [];

  beforeAll(async () => {
    server = await startChroma(program ?? '', dir.path);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await server?.stop();
    dir.remove();
  });
  beforeEach(() => {
    prefix = `t${Math.floor(random() * 1e9)}`;
  });

  const client = () =>
    new ChromaClient({ ...place(server.address), tenant: 'default_tenant', database: 'default_database' });
  const place = (address: string) => ({ host: new URL(address).hostname, port: Number(new URL(address).port) });
  const create = (options: Partial<ChromaStoreOptions> = {}) => {
    const store = createChromaStore({
      address: async () => server.address,
      collectionPrefix: prefix,
      timeoutMs: 20_000,
      ...options,
    });
    stores.push(store);
    return store;
  };
  const opened = async (options: Partial<ChromaStoreOptions> = {}, model = MODEL) => {
    const store = create(options);
    await store.open(model);
    return store;
  };

  it('keeps records, finds the nearest first and forgets what is removed', async () => {
    const store = await opened();
    const records = [record('a:1', 'a'), record('b:1', 'b'), record('b:2', 'b'), record('c:1', 'c')];
    await store.upsert(records);
    const vector = unitVector();
    const hits = await store.nearest({ vector, limit: 10 });
    expect(hits.map(({ id }) => id)).toEqual(exact(records, vector, 10));
    for (const { id, similarity } of hits) {
      expect(similarity).toBeCloseTo(dot(records.find((each) => each.id === id)?.vector ?? vector, vector), 4);
    }
    await store.remove(['b:2', 'unknown']);
    expect((await store.nearest({ vector, limit: 10 })).map(({ id }) => id).sort()).toEqual(['a:1', 'b:1', 'c:1']);
    expect([...(await store.hashes())].sort()).toEqual([
      ['a:1', 'h1'],
      ['b:1', 'h1'],
      ['c:1', 'h1'],
    ]);
  });

  it('applies the servers before the cut-off', async () => {
    const store = await opened();
    const records = Array.from({ length: 60 }, (_, i) => record(`t${i}`, `server${i % 6}`));
    await store.upsert(records);
    const vector = unitVector();
    const found = async (...servers: string[]) =>
      (await store.nearest({ vector, limit: 5, servers: new Set(servers) })).map(({ id }) => id);
    for (const servers of [['server3'], ['server1', 'server5']]) {
      const allowed = records.filter((each) => servers.includes(each.server));
      expect(await found(...servers)).toEqual(exact(allowed, vector, 5));
    }
    expect(await found()).toEqual([]);
    expect(await found('unknown')).toEqual([]);
    const many = Array.from({ length: 3_000 }, (_, i) => `server${i}`);
    expect(await found(...many)).toEqual(exact(records, vector, 5));
  });

  it('ranks 4,000 tools as an exact search does', async () => {
    const store = await opened({ batchSize: 1_000 });
    const records = Array.from({ length: 4_000 }, (_, i) => record(`tool${i}`, `s${i % 50}`));
    await store.upsert(records);
    expect((await store.hashes()).size).toBe(4_000);
    for (let query = 0; query < 10; query++) {
      const vector = unitVector();
      expect((await store.nearest({ vector, limit: 100 })).map(({ id }) => id)).toEqual(exact(records, vector, 100));
    }
  });

  it('takes ids and servers of any form, and the last of two records with one id', async () => {
    const store = await opened();
    const ids = ['', ' ', 'é'.repeat(64), 'x'.repeat(5_000), '日本:語', 'a"b\\c\n', 'same'];
    await store.upsert([...ids.map((id) => record(id, '', 'old')), { ...record('same', 'später'), hash: 'new' }]);
    const hashes = await store.hashes();
    expect([...hashes.keys()].sort()).toEqual([...ids].sort());
    expect(hashes.get('same')).toBe('new');
    expect((await store.nearest({ vector: unitVector(), limit: 50 })).map(({ id }) => id).sort()).toEqual(
      [...ids].sort(),
    );
    await store.remove(ids);
    expect((await store.hashes()).size).toBe(0);
  });

  it('keeps the vectors of two models apart', async () => {
    const small = await opened();
    const large = await opened({}, { identity: 'test-model:2', dimensions: 48 });
    await small.upsert([record('a')]);
    await large.upsert([{ ...record('b'), vector: unitVector(48) }]);
    expect([...(await small.hashes()).keys()]).toEqual(['a']);
    expect([...(await large.hashes()).keys()]).toEqual(['b']);
    expect(await large.nearest({ vector: unitVector(48), limit: 5 })).toHaveLength(1);
  });

  it('#68 refuses vectors of another length and what is not a number, and stores nothing of them', async () => {
    const store = await opened();
    const wrong = (vector: Float32Array) => store.upsert([record('good'), { ...record('bad'), vector }]);
    await expect(wrong(unitVector(31))).rejects.toMatchObject({
      fault: 'mismatch',
      message: /31 numbers instead of 32/,
    });
    await expect(wrong(unitVector().fill(Number.NaN, 3, 4))).rejects.toMatchObject({ fault: 'bad-answer' });
    await expect(wrong(new Float32Array(32))).rejects.toMatchObject({ fault: 'bad-answer' });
    await expect(store.nearest({ vector: unitVector(33), limit: 1 })).rejects.toMatchObject({ fault: 'mismatch' });
    expect((await store.hashes()).size).toBe(0);
    await expect(create().open({ ...MODEL, dimensions: 33 })).rejects.toMatchObject({
      fault: 'mismatch',
      message: /32 .*33/,
    });
  });

  it('leaves nothing behind where it is temporary, also when Chroma has gone meanwhile', async () => {
    const mine = async () =>
      (await client().listCollections()).map(({ name }) => name).filter((name) => name.startsWith(prefix));
    const temporary = await opened({ isTemporary: true });
    await temporary.upsert([record('a')]);
    expect(await mine()).toHaveLength(1);
    await temporary.close();
    await temporary.close();
    expect(await mine()).toEqual([]);

    let address = server.address;
    const lost = await opened({ isTemporary: true, address: async () => address });
    address = 'http://127.0.0.1:9';
    await lost.close();
    await client().deleteCollection({ name: (await mine())[0] ?? '' });
  });

  it('refuses a collection that measures otherwise', async () => {
    const first = await opened();
    const [mine] = (await client().listCollections()).filter(({ name }) => name.startsWith(prefix));
    const { name, metadata } = mine ?? { name: '', metadata: {} };
    await first.close();
    await client().deleteCollection({ name });
    await client().createCollection({
      name,
      metadata,
      embeddingFunction: null,
      configuration: { hnsw: { space: 'l2' } },
    });
    await expect(create().open(MODEL)).rejects.toMatchObject({ fault: 'mismatch', message: /l2 instead of cosine/ });
  });

  describe('several gateways on one collection', () => {
    it('open and fill it at once without losing or doubling anything', async () => {
      const records = Array.from({ length: 900 }, (_, i) => record(`tool${i}`));
      const gateways = await Promise.all(Array.from({ length: 3 }, () => opened({ batchSize: 100 })));
      await Promise.all(gateways.map((store, i) => store.upsert(i === 0 ? records : records.slice(i * 200).reverse())));
      for (const store of gateways) {
        expect((await store.hashes()).size).toBe(900);
        const vector = unitVector();
        expect((await store.nearest({ vector, limit: 50 })).map(({ id }) => id)).toEqual(exact(records, vector, 50));
      }
    });

    it('see what another has added, changed and removed', async () => {
      const [one, two] = [await opened(), await opened()];
      await one.upsert([record('a'), record('b')]);
      await two.upsert([{ ...record('b'), hash: 'h2' }]);
      await two.remove(['a']);
      expect([...(await one.hashes())]).toEqual([['b', 'h2']]);
    });

    it('drop the collections that other models left long ago, and no others', async () => {
      const old = { tooldex_model: 'gone', tooldex_dimensions: 3, tooldex_used: 1_000 };
      const make = (name: string, metadata: Record<string, string | number>) =>
        client().createCollection({ name, metadata, embeddingFunction: null });
      await make(`${prefix}-old`, old);
      await make(`${prefix}-recent`, { ...old, tooldex_used: Math.floor(Date.now() / 86_400_000) - 13 });
      await make(`${prefix}-foreign`, { tooldex: 'no' });
      await make(`other${prefix}-old`, old);
      const store = await opened();
      const names = (await client().listCollections({ limit: 1_000 }))
        .map(({ name }) => name)
        .filter((name) => name.includes(prefix));
      expect(names.filter((name) => name.endsWith('old'))).toEqual([`other${prefix}-old`]);
      expect(names).toEqual(expect.arrayContaining([`${prefix}-recent`, `${prefix}-foreign`]));
      expect((await store.hashes()).size).toBe(0);
    });

    it('mark an old collection of their own as used again', async () => {
      await (await opened()).close();
      const [mine] = (await client().listCollections({ limit: 1_000 })).filter(({ name }) => name.startsWith(prefix));
      await mine?.modify({ metadata: { ...mine.metadata, tooldex_used: 1_000 } });
      await opened();
      await opened({}, { identity: 'another', dimensions: 8 });
      const marked = await client().getCollection({ name: mine?.name ?? '' });
      expect(marked.metadata?.tooldex_used).toBeGreaterThan(20_000);
    });
  });

  describe('when Chroma fails', () => {
    it('#68 dies in the middle of an index run: the run ends with an error, and the next one adds what is missing', async () => {
      const store = await opened({ batchSize: 50 });
      const records = Array.from({ length: 1_500 }, (_, i) => record(`tool${i}`));
      const watcher = await opened();
      const run = store.upsert(records);
      const failed = expect(run).rejects.toMatchObject({
        fault: 'unreachable',
        message: expect.stringContaining(server.address),
      });
      while ((await watcher.hashes()).size === 0);
      server.signal('SIGKILL');
      await failed;
      await expect(store.nearest({ vector: unitVector(), limit: 1 })).rejects.toMatchObject({ fault: 'unreachable' });
      await server.restart();
      const kept = await store.hashes();
      expect(kept.size).toBeGreaterThan(0);
      expect(kept.size).toBeLessThan(1_500);
      await store.upsert(records.filter(({ id }) => !kept.has(id)));
      const vector = unitVector();
      expect((await store.hashes()).size).toBe(1_500);
      expect((await store.nearest({ vector, limit: 20 })).map(({ id }) => id)).toEqual(exact(records, vector, 20));
    });

    it('a restart of the server is not noticed', async () => {
      const store = await opened();
      const records = [record('a'), record('b')];
      await store.upsert(records);
      await server.restart();
      const vector = unitVector();
      expect((await store.nearest({ vector, limit: 5 })).map(({ id }) => id)).toEqual(exact(records, vector, 5));
    });

    it('a server that hangs costs the deadline and no more', async () => {
      const store = await opened({ timeoutMs: 3_000 });
      await store.upsert([record('a')]);
      server.signal('SIGSTOP');
      try {
        await expect(store.nearest({ vector: unitVector(), limit: 1 })).rejects.toMatchObject({
          fault: 'timeout',
          message: /3000 ms/,
        });
        const leaving = new AbortController();
        const abandoned = store.nearest({ vector: unitVector(), limit: 1, signal: leaving.signal });
        leaving.abort(new Error('the caller left'));
        await expect(abandoned).rejects.toThrow('the caller left');
        await expect(create({ timeoutMs: 200 }).open(MODEL)).rejects.toMatchObject({ fault: 'timeout' });
      } finally {
        server.signal('SIGCONT');
      }
      const patient = await opened();
      expect(await patient.nearest({ vector: unitVector(), limit: 5 })).toHaveLength(1);
    });

    it('says that a collection is gone, and makes it again when opened', async () => {
      const store = await opened();
      await store.upsert([record('a')]);
      for (const { name } of await client().listCollections({ limit: 1_000 })) {
        if (name.startsWith(prefix)) await client().deleteCollection({ name });
      }
      await expect(store.nearest({ vector: unitVector(), limit: 1 })).rejects.toMatchObject({
        fault: 'gone',
        message: /deleted from Chroma/,
      });
      await expect(store.upsert([record('b')])).rejects.toMatchObject({ fault: 'gone' });
      await store.open(MODEL);
      await store.upsert([record('b')]);
      expect([...(await store.hashes()).keys()]).toEqual(['b']);
    });

    it('says so when nothing listens, or something else than Chroma', async () => {
      const nobody = create({ address: async () => 'http://127.0.0.1:9' });
      await expect(nobody.open(MODEL)).rejects.toMatchObject({
        fault: 'unreachable',
        hint: expect.stringContaining('runs'),
      });
      for (const address of ['nonsense', 'http://127.0.0.1:8000/path', 'http://user:hunter2@127.0.0.1']) {
        const error = await create({ address: async () => address })
          .open(MODEL)
          .catch((caught: unknown) => caught);
        expect(error).toMatchObject({ fault: 'invalid-option' });
        expect(String(error)).not.toContain('hunter2');
      }
    });

    it('does nothing before it is opened and after it is closed', async () => {
      await expect(create().hashes()).rejects.toMatchObject({ fault: 'closed' });
      const store = await opened();
      const running = store.nearest({ vector: unitVector(), limit: 1 });
      const ended = expect(running).rejects.toMatchObject({ fault: 'closed' });
      await store.close();
      await ended;
      await expect(store.upsert([record('a')])).rejects.toMatchObject({ fault: 'closed' });
      await store.close();
    });
  });

  it('refuses a prefix that Chroma would not take', () => {
    expect(() => createChromaStore({ address: async () => '', collectionPrefix: 'a b' })).toThrow(/cannot begin/);
  });
});
