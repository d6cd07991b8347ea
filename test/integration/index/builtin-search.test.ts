/** The engine as a gateway opens it, with the models that are shipped. */
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openEncoderEmbedder } from '../../../index/embedding/encoder-embedder.ts';
import { openToolIndex } from '../../../index/open-tool-index.ts';
import type { BlobStorage } from '../../../index/store/vector-store.ts';
import type { ToolIndex } from '../../../index/tool-index.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { openSearch } from '../../../src/gateway-search.ts';
import { memoryStorage } from '../../helpers/memory-storage.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { qualityTools } from '../../quality/fixtures.ts';

const MODEL = resolve('index/model');
/** The static model is not sure of it. */
const TASK = { task: 'tell my team that I am late', limit: 3, deadlineMs: 20_000 };
/** And of this it is. */
const CLEAR = { ...TASK, task: 'make this photo smaller' };
/** Begins 2 s after the first search, then takes some milliseconds a tool. */
const TAKEN_OVER = { timeout: 100_000, interval: 200 };

const workers: Worker[] = [];
const note = (worker: unknown) => workers.push(worker as Worker);
beforeAll(() => void process.on('worker', note));
afterAll(() => void process.off('worker', note));

interface OpenOptions {
  readonly modelFolder?: string;
  /** Of an earlier engine, with its folder: the next start of the same. */
  readonly storage?: BlobStorage;
  readonly folder?: string;
  readonly encoderMaxTools?: number;
  /** Of a Chroma instead of the embedded store. */
  readonly chromaUrl?: string;
  readonly patienceMs?: number;
}

async function open(given: OpenOptions = {}) {
  const { modelFolder = MODEL, folder = tempDir(), encoderMaxTools, chromaUrl, ...options } = given;
  const file = join(folder, 'tooldex.json');
  const store = chromaUrl === undefined ? undefined : { kind: 'chroma', url: chromaUrl };
  const search = { embedder: { kind: 'builtin', encoder_max_tools: encoderMaxTools }, store };
  writeFileSync(file, JSON.stringify({ servers: {}, search }));
  const config = await loadConfig({ file, env: {} });
  workers.length = 0;
  const index = await openSearch({ ...options, config, env: {}, modelFolder, alsoClose: () => {} });
  const close = () => index.close();
  onTestFinished(close);
  return { index, close };
}

async function openStaticOnly() {
  const index = await openToolIndex({ modelFolder: MODEL });
  onTestFinished(() => index.close());
  return { index };
}

/** Takes connections, counts them and hangs up. */
async function countingServer() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: address && typeof address === 'object' ? address.port : 0, connections: () => connections };
}

/** The first answer in which the encoder took part. */
async function takenOver(index: ToolIndex) {
  const answer = () => index.search(TASK);
  await expect.poll(answer, TAKEN_OVER).not.toMatchObject({ progress: expect.anything() });
  await expect.poll(answer, TAKEN_OVER).not.toMatchObject({ degraded: expect.anything() });
  return answer();
}

/** A model folder without its encoder, which the caller may put there. */
function folderWithoutEncoder(): string {
  const folder = tempDir();
  for (const file of ['static.bin', 'word-statistics.txt']) copyFileSync(join(MODEL, file), join(folder, file));
  return folder;
}

describe('the built-in encoder', () => {
  it('gives the vectors of its reference, which was computed with float activations', async () => {
    const embedder = await openEncoderEmbedder({ modelFile: join(MODEL, 'encoder.bin') });
    onTestFinished(() => embedder.close());
    const json = readFileSync(join(MODEL, 'encoder-reference.json'), 'utf8');
    const reference: { text: string; vector: number[] }[] = JSON.parse(json);
    expect(reference.length).toBeGreaterThan(30);
    const vectors = await embedder.embedTasks(reference.map(({ text }) => text));
    for (const [i, { text, vector }] of reference.entries()) {
      const cosine = vector.reduce((sum, x, at) => sum + x * (vectors[i]?.[at] ?? 0), 0);
      expect(cosine, text.slice(0, 60)).toBeGreaterThan(0.995);
    }
  });

  it('takes over from the static model, and keeps its vectors for the next start', async () => {
    const kept = { storage: memoryStorage(), folder: tempDir() };
    const { index, close } = await open(kept);
    await index.upsert(qualityTools());
    const first = await index.search(TASK);
    expect(first).toMatchObject({ mode: 'hybrid', progress: expect.stringContaining('begins after') });
    expect(first.degraded).toBeUndefined();
    expect(workers).toHaveLength(0);
    const better = await takenOver(index);
    expect(better.model).toBe('the built-in encoder');
    expect(workers, 'one for documents').toHaveLength(1);
    await close();
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1]);

    const { index: again } = await open(kept);
    await again.upsert(qualityTools());
    await again.search(TASK);
    expect((await takenOver(again)).hits).toEqual(better.hits);
    expect(workers, 'nothing was embedded but requests').toHaveLength(0);
  });

  it('is neither asked nor waited for where the static model is sure', async () => {
    const { index } = await open();
    await index.upsert(qualityTools());
    const before = await index.search(CLEAR);
    expect(before).toMatchObject({ verdict: 'match', model: 'the static model' });
    expect(before.progress).toBeUndefined();
    await takenOver(index);
    expect(await index.search(CLEAR)).toEqual(before);
  });

  it('answers while it is indexing, and closes in the middle of it', async () => {
    const { index, close } = await open();
    await index.upsert(qualityTools());
    await index.search(TASK);
    const progress = async () => (await index.search(TASK)).progress;
    // Often, since a fast machine is soon done.
    await expect.poll(progress, { ...TAKEN_OVER, interval: 5 }).toMatch(/still indexing: \d+ of 320/);
    expect(workers.length).toBeGreaterThan(0);
    await close();
    expect(workers.every(({ threadId }) => threadId === -1)).toBe(true);
  });

  it('is not even loaded among more tools than it is for, and loaded when they are fewer', async () => {
    // It is not there, so that a search which has patience with it could not miss that.
    const { index } = await open({ modelFolder: folderWithoutEncoder(), encoderMaxTools: 100, patienceMs: 20_000 });
    const tools = qualityTools();
    await index.upsert(tools);
    const { spared, ...crowded } = await index.search(TASK);
    expect(spared).toBe(
      'the built-in encoder is spared, because 320 tools are more than search.embedder.encoder_max_tools (100)',
    );
    expect(crowded).toMatchObject({ mode: 'hybrid', model: 'the static model', searched: 320 });
    const { index: fixed } = await openStaticOnly();
    await fixed.upsert(tools);
    expect(crowded, 'verdict included').toEqual(await fixed.search(TASK));

    await index.remove(tools.slice(100).map(({ id }) => id));
    // A search later, since what was put away is closed first.
    await expect.poll(async () => (await index.search(TASK)) && index.lacksTexts).toBe(true);
    await index.upsert(tools.slice(0, 100));
    expect(await index.search(TASK)).toMatchObject({ degraded: expect.stringContaining('encoder is not at') });
  });

  it('asks no Chroma for anything among more tools than it is for', async () => {
    const { port, connections } = await countingServer();
    const chromaUrl = `http://127.0.0.1:${port}`;
    const { index } = await open({ chromaUrl, encoderMaxTools: 319, patienceMs: 20_000 });
    await index.upsert(qualityTools());
    const answer = await index.search(TASK);
    expect(answer).toMatchObject({ model: 'the static model', spared: expect.stringContaining('(319)') });
    expect(answer.degraded).toBeUndefined();
    expect(connections()).toBe(0);
    const { index: under } = await open({ chromaUrl, encoderMaxTools: 320, patienceMs: 20_000 });
    await under.upsert(qualityTools());
    expect((await under.search(TASK)).degraded).toMatch(/Chroma/);
    expect(connections()).toBeGreaterThan(0);
  });

  it('ends with its thread when the tools become too many, and comes back with the vectors that it has made', async () => {
    const tools = qualityTools();
    const { index } = await open({ encoderMaxTools: 300, patienceMs: 60_000, storage: memoryStorage() });
    await index.upsert(tools.slice(0, 300));
    const before = await index.search(TASK);
    expect(before.model).toBe('the built-in encoder');
    expect(workers).toHaveLength(1);

    const adding = index.upsert(tools.slice(300));
    const during = await Promise.all([index.search(TASK), index.search(TASK)]);
    await adding;
    for (const { model, spared, degraded } of during) {
      expect({ model, degraded }).toEqual({ model: 'the static model', degraded: undefined });
      expect(spared).toContain('encoder_max_tools (300)');
    }
    await expect.poll(() => workers.map(({ threadId }) => threadId)).toEqual([-1]);

    await index.remove(tools.slice(300).map(({ id }) => id));
    await expect.poll(() => index.lacksTexts).toBe(true);
    await index.upsert(tools.slice(0, 300));
    expect(await index.search(TASK)).toEqual(before);
    expect(workers, 'nothing was embedded but the request').toHaveLength(1);
  });

  it('#68 a damaged file leaves the static model serving, and the answer says why', async () => {
    const modelFolder = folderWithoutEncoder();
    writeFileSync(join(modelFolder, 'encoder.bin'), readFileSync(join(MODEL, 'encoder.bin')).subarray(0, 5_000_000));
    const { index } = await open({ modelFolder });
    await index.upsert(qualityTools());
    const hits = (await index.search(TASK)).hits;
    await expect.poll(async () => (await index.search(TASK)).degraded, TAKEN_OVER).toMatch(/encoder is broken/);
    const answer = await index.search(TASK);
    expect(answer).toMatchObject({ mode: 'hybrid', hits });
    expect(workers).toHaveLength(0);
  });
});
