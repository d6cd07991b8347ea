import { describe, expect, it } from 'vitest';
import { createEmbeddedVectorStore } from '../../../index/store/embedded-vector-store.ts';
import { VectorMatrix } from '../../../index/store/vector-matrix.ts';
import type { VectorRecord } from '../../../index/store/vector-store.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { memoryStorage } from '../../helpers/memory-storage.ts';

/** Deterministic noise (mulberry32), so that a failure repeats. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
}

function unit(random: () => number, dimensions: number, near?: Float32Array): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, (_, i) => (near?.[i] ?? 0) + random() * (near ? 0.02 : 1));
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

const model = { identity: 'test-model', dimensions: 40 };
function records(count: number, seed = 1): VectorRecord[] {
  const random = noise(seed);
  return Array.from({ length: count }, (_, i) => {
    return { id: `t${i}`, server: `s${i % 7}`, hash: `h${i}`, vector: unit(random, model.dimensions) };
  });
}

describe('exact nearest vectors', () => {
  it.each([
    { dimensions: 128, count: 3000, limit: 10, clustered: false },
    { dimensions: 384, count: 1500, limit: 25, clustered: true },
    { dimensions: 33, count: 2500, limit: 3, clustered: true },
    { dimensions: 7, count: 5, limit: 10, clustered: false },
  ])('equal a full scan: $count vectors of $dimensions numbers, near duplicates $clustered', (shape) => {
    const random = noise(shape.count);
    const matrix = new VectorMatrix(shape.dimensions);
    const centre = unit(random, shape.dimensions);
    const vectors = Array.from({ length: shape.count }, () =>
      unit(random, shape.dimensions, shape.clustered ? centre : undefined),
    );
    for (const vector of vectors) matrix.push(vector);
    for (let round = 0; round < 20; round++) {
      const query = unit(random, shape.dimensions, shape.clustered ? centre : undefined);
      const expected = vectors
        .map((vector, slot) => ({ slot, score: dot(query, vector) }))
        .sort((a, b) => b.score - a.score || a.slot - b.slot)
        .slice(0, shape.limit);
      const found = matrix.nearest(query, shape.limit);
      expect(found.map(({ slot }) => slot)).toEqual(expected.map(({ slot }) => slot));
      for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i]?.score ?? 0, 6);
    }
  });
});

describe('exact nearest vectors of some rows', () => {
  const random = noise(77);
  const vectors = Array.from({ length: 2_050 }, () => unit(random, 64));
  const matrix = new VectorMatrix(64);
  for (const vector of vectors) matrix.push(vector);

  it.each([{ every: 2 }, { every: 37 }, { every: 300 }])('are those of every $every-th row only', ({ every }) => {
    const query = unit(random, 64);
    const expected = vectors
      .map((vector, slot) => ({ slot, score: dot(query, vector) }))
      .filter(({ slot }) => slot % every === 1)
      .sort((a, b) => b.score - a.score)
      .slice(0, 20);
    const found = matrix.nearest(query, 20, { accept: (row) => row % every === 1 });
    expect(found.map(({ slot }) => slot)).toEqual(expected.map(({ slot }) => slot));
  });
});

describe('exact nearest vectors of a matrix that shrinks', () => {
  it.each([1_500, 1_024, 700, 1, 0])('equal a full scan of the %i rows that are left', (left) => {
    const random = noise(left);
    const vectors = Array.from({ length: 2_100 }, () => unit(random, 48));
    const matrix = new VectorMatrix(48);
    for (const vector of vectors) matrix.push(vector);
    for (let size = vectors.length; size > left; size--) {
      matrix.removeSwapping(0);
      vectors[0] = vectors.at(-1) ?? new Float32Array(48);
      vectors.pop();
    }
    const query = unit(random, 48);
    const expected = vectors
      .map((vector, slot) => ({ slot, score: dot(query, vector) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 10);
    expect(matrix.nearest(query, 10).map(({ slot }) => slot)).toEqual(expected.map(({ slot }) => slot));
    matrix.push(query);
    expect(matrix.nearest(query, 1).map(({ slot }) => slot)).toEqual([left]);
  });
});

describe('the embedded store', () => {
  it('takes the first ids of equal vectors, whatever the order in which they came', async () => {
    const store = createEmbeddedVectorStore();
    await store.open(model);
    const vector = unit(noise(5), 40);
    const twins = Array.from({ length: 30 }, (_, i) => ({
      id: `t${10 + ((i * 7) % 30)}`,
      server: 's',
      hash: 'h',
      vector,
    }));
    await store.upsert(twins);
    await store.remove(['t11']);
    const hits = await store.nearest({ vector, limit: 4 });
    expect(hits.map(({ id }) => id)).toEqual(['t10', 't12', 't13', 't14']);
  });

  it('filters by server before the cut-off', async () => {
    const store = createEmbeddedVectorStore();
    await store.open(model);
    const all = records(700);
    await store.upsert(all);
    const [{ vector }] = all as [VectorRecord];
    const hits = await store.nearest({ vector, limit: 20, servers: new Set(['s3']) });
    const expected = all
      .filter(({ server }) => server === 's3')
      .sort((a, b) => dot(vector, b.vector) - dot(vector, a.vector))
      .slice(0, 20);
    expect(hits.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  it('keeps replacing and removing rows apart', async () => {
    const store = createEmbeddedVectorStore();
    await store.open(model);
    const all = records(50);
    await store.upsert(all);
    await store.remove(['t0', 't49', 't20', 'nobody']);
    const moved = { ...(all[10] as VectorRecord), server: 'elsewhere', hash: 'new', vector: unit(noise(9), 40) };
    await store.upsert([moved]);
    expect((await store.hashes()).size).toBe(47);
    expect((await store.hashes()).get('t10')).toBe('new');
    expect(await store.nearest({ vector: moved.vector, limit: 1, servers: new Set(['elsewhere']) })).toEqual([
      { id: 't10', similarity: expect.closeTo(1, 5) },
    ]);
    for (const { id, vector } of all.filter(({ id }) => !['t0', 't49', 't20', 't10'].includes(id)))
      expect((await store.nearest({ vector, limit: 1 }))[0]?.id).toBe(id);
  });

  it('brings everything back from its storage', async () => {
    const storage = memoryStorage();
    const first = createEmbeddedVectorStore({ storage });
    await first.open(model);
    await first.upsert(records(300));
    await first.remove(['t7', ...Array.from({ length: 50 }, (_, i) => `t${i * 7 + 1}`)]);
    await first.close();
    const second = createEmbeddedVectorStore({ storage });
    await second.open(model);
    expect(await second.hashes()).toEqual(await first.hashes());
    const { vector } = records(300)[12] as VectorRecord;
    expect(await second.nearest({ vector, limit: 5 })).toEqual(await first.nearest({ vector, limit: 5 }));
  });

  it('keeps the servers of every process that shares its storage', async () => {
    const storage = memoryStorage();
    const [one, other] = [createEmbeddedVectorStore({ storage }), createEmbeddedVectorStore({ storage })];
    const of = (server: string) => records(100).filter((record) => record.server === server);
    for (const store of [one, other]) await store.open(model);
    await one.upsert(of('s1'));
    await other.upsert(of('s2'));
    for (const store of [one, other]) await store.close();
    const third = createEmbeddedVectorStore({ storage });
    await third.open(model);
    expect((await third.hashes()).size).toBe(of('s1').length + of('s2').length);
    await third.remove(of('s1').map(({ id }) => id));
    await third.close();
    const fourth = createEmbeddedVectorStore({ storage });
    await fourth.open(model);
    expect((await fourth.hashes()).size).toBe(of('s2').length);
  });

  it('#68 writes what a full disk did not take, when it has room again', async () => {
    const [clock, honest] = [fakeClock(), memoryStorage()];
    let isFull = true;
    const storage = {
      ...honest,
      write: (key: string, bytes: Uint8Array) => {
        if (isFull) throw new Error('database or disk is full');
        honest.write(key, bytes);
      },
    };
    const store = createEmbeddedVectorStore({ storage, clock });
    await store.open(model);
    await store.upsert(records(20));
    await clock.advance(10_000);
    isFull = false;
    await clock.advance(120_000);
    const second = createEmbeddedVectorStore({ storage: honest, clock });
    await second.open(model);
    expect((await second.hashes()).size).toBe(20);
    isFull = true;
    await store.upsert(records(30));
    await store.close();
    expect(clock.waiting).toBe(0);
  });

  it('#68 gives up only the server whose snapshot is damaged, cut off or of another version', async () => {
    const storage = memoryStorage();
    const first = createEmbeddedVectorStore({ storage });
    await first.open(model);
    await first.upsert(records(70));
    await first.close();
    const [flipped, cut, older] = [...storage.blobs.keys()].filter((key) => /\/s[024]$/.test(key)) as [
      string,
      string,
      string,
    ];
    const bytes = (key: string) => storage.blobs.get(key) ?? new Uint8Array();
    storage.blobs.set(
      flipped,
      bytes(flipped).map((byte, i) => (i === 400 ? byte ^ 1 : byte)),
    );
    storage.blobs.set(cut, bytes(cut).subarray(0, 200));
    storage.blobs.set(older, Buffer.concat([Buffer.from('TDXVEC0\n'), bytes(older).subarray(8)]));
    const second = createEmbeddedVectorStore({ storage });
    await second.open(model);
    const hashes = await second.hashes();
    expect(hashes.size).toBe(40);
    expect([...hashes.keys()].some((id) => Number(id.slice(1)) % 7 === 0)).toBe(false);
  });

  it('#68 starts empty when the list of its servers is damaged', async () => {
    const storage = memoryStorage();
    for (const key of ['vectors/collections']) storage.write(key, new TextEncoder().encode('{"names":'));
    const store = createEmbeddedVectorStore({ storage });
    await store.open(model);
    await store.upsert(records(3));
    expect((await store.hashes()).size).toBe(3);
  });

  it('never mixes models, and keeps the collections of the last three', async () => {
    const storage = memoryStorage();
    for (const identity of ['a', 'b', 'c', 'd']) {
      const store = createEmbeddedVectorStore({ storage });
      await store.open({ ...model, identity });
      expect((await store.hashes()).size).toBe(0);
      await store.upsert(records(20));
      await store.close();
    }
    const again = createEmbeddedVectorStore({ storage });
    await again.open({ ...model, identity: 'b' });
    expect((await again.hashes()).size).toBe(20);
    const gone = createEmbeddedVectorStore({ storage });
    await gone.open({ ...model, identity: 'a' });
    expect((await gone.hashes()).size).toBe(0);
  });

  it('#68 refuses vectors of another length and vectors that are not numbers, and keeps what it has', async () => {
    const store = createEmbeddedVectorStore();
    await store.open(model);
    const [good, bad] = records(2) as [VectorRecord, VectorRecord];
    await expect(store.upsert([good, { ...bad, vector: new Float32Array(41) }])).rejects.toMatchObject({
      fault: 'mismatch',
    });
    const broken = bad.vector.map((x, i) => (i === 3 ? Number.NaN : x));
    await expect(store.upsert([{ ...bad, vector: broken }])).rejects.toMatchObject({ fault: 'bad-answer' });
    await expect(store.nearest({ vector: broken, limit: 1 })).rejects.toMatchObject({ fault: 'bad-answer' });
    expect((await store.hashes()).size).toBe(0);
  });
});
