import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import {
  createTransformersEmbedder,
  type TransformersEmbedderOptions,
} from '../../../index/embedding/transformers-embedder.ts';
import type { ToolDocument } from '../../../index/tool-document.ts';
import { descendants, gone } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { tinyMean, tinyRow, tinyUnit, writeTinyModel } from '../../helpers/tiny-model.ts';
import { findTransformersFolder } from '../../helpers/transformers-library.ts';

const library = findTransformersFolder();
const embedders: Embedder[] = [];

afterEach(async () => {
  await Promise.all(embedders.splice(0).map((embedder) => embedder.close()));
});

const create = async (options: Partial<TransformersEmbedderOptions> & { model: string }) => {
  const embedder = await createTransformersEmbedder({
    cacheDir: tempDir('models'),
    libraryFolders: [library ?? ''],
    env: process.env,
    restartDelayMs: 1,
    threads: 1,
    ...options,
  });
  embedders.push(embedder);
  return embedder;
};
const tiny = (options?: Parameters<typeof writeTinyModel>[1]) =>
  writeTinyModel(join(tempDir('model'), 'tiny'), options);
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));
const plain = (vectors: readonly Float32Array[]) => vectors.map((vector) => [...vector]);
const tool = (name: string): ToolDocument => ({
  id: name,
  server: '',
  serverDescription: '',
  name,
  description: '',
  parameters: [],
});

describe.skipIf(!library)('transformers embedder', () => {
  it('gives the mean of the tokens as a unit vector, for tasks and tools', async () => {
    const embedder = await create({ model: tiny() });
    expect(embedder.dimensions).toBe(4);
    const vectors = await embedder.embedTasks(['read file', 'Send MAIL', 'mails', '', 'zzz']);
    const expected = [
      tinyMean('read', 'file'),
      tinyMean('send', 'mail'),
      tinyMean('mail', '##s'),
      tinyMean(),
      tinyMean('[UNK]'),
    ];
    expect(plain(vectors)).toEqual(expected.map(near));
    expect(plain(await embedder.embedDocuments([tool('writeFile')]))).toEqual([near(tinyMean('write', 'file'))]);
  });

  it('pools as it is told', async () => {
    const model = tiny();
    const cls = await create({ model, pooling: 'cls' });
    expect(plain(await cls.embedTasks(['read file']))).toEqual([near(tinyUnit(tinyRow('[CLS]')))]);
    const float = tiny({ weights: { 'model.onnx': {} } });
    const last = await create({ model: float, pooling: 'last_token', batchSize: 2 });
    expect(plain(await last.embedTasks(['read file', 'mail']))).toEqual(
      Array(2).fill(near(tinyUnit(tinyRow('[SEP]')))),
    );
  });

  it('takes pooling and prefixes from the folder of the model', async () => {
    const extra = {
      '1_Pooling/config.json': { pooling_mode_cls_token: true },
      'config_sentence_transformers.json': { prompts: { query: 'query: ', passage: '' } },
    };
    const model = tiny({ extra });
    expect(plain(await (await create({ model })).embedTasks(['read']))).toEqual([near(tinyUnit(tinyRow('[CLS]')))]);
    const mean = await create({ model, pooling: 'mean' });
    expect(plain(await mean.embedTasks(['read']))).toEqual([near(tinyMean('query', ':', 'read'))]);
    expect(plain(await mean.embedDocuments([tool('read')]))).toEqual([near(tinyMean('read'))]);
    expect(mean.identity).toContain(':mean:');
  });

  it('gives a text the same vector in any company', async () => {
    const embedder = await create({ model: tiny({ weights: { 'model.onnx': {} } }), batchSize: 3 });
    const texts = ['read file', 'send mail send mail send mail', 'write', 'mail'];
    const alone = await Promise.all(
      texts.map(async (text) => (await embedder.embedTasks([text]))[0] ?? new Float32Array()),
    );
    expect(plain(await embedder.embedTasks(texts))).toEqual(alone.map((vector) => near([...vector])));
  });

  it('cuts what is too long for the model or for the limit', async () => {
    const long = 'read '.repeat(200_000);
    const shorter = await (await create({ model: tiny(), maxTokens: 8 })).embedTasks([
      long,
      'read read read read read read read mail',
    ]);
    expect(plain(shorter)[0]).toEqual(plain(shorter)[1]);
    const [longest] = await (await create({ model: tiny() })).embedTasks([long]);
    expect(plain([longest ?? new Float32Array()])).not.toEqual(plain(shorter).slice(0, 1));
  });

  it('loads the weights of the wanted type, the quantized ones where there is a choice', async () => {
    const model = tiny({ weights: { 'model.onnx': { nan: true }, 'model_quantized.onnx': {} } });
    expect(plain(await (await create({ model })).embedTasks(['mail']))).toEqual([near(tinyMean('mail'))]);
    await expect((await create({ model, dtype: 'fp32' })).embedTasks(['mail'])).rejects.toMatchObject({
      fault: 'bad-answer',
    });
    await expect(create({ model, dtype: 'fp16' })).rejects.toMatchObject({
      fault: 'missing',
      hint: 'Set dtype to one of: q8, fp32.',
    });
    await expect(create({ model, dtype: 'f8' })).rejects.toMatchObject({ fault: 'invalid-option' });
  });

  it('has one identity for equal files, wherever they lie, and another for all that changes vectors', async () => {
    const model = tiny();
    const copy = join(tempDir('copy'), 'tiny');
    cpSync(model, copy, { recursive: true });
    const identity = async (options: Partial<TransformersEmbedderOptions> & { model: string }) =>
      (await create(options)).identity;
    const base = await identity({ model });
    expect(await identity({ model: copy, batchSize: 4, threads: 2 })).toBe(base);
    const others = await Promise.all([
      identity({ model: tiny({ weights: { 'model_quantized.onnx': { scale: 2 } } }) }),
      identity({ model, pooling: 'cls' }),
      identity({ model, maxTokens: 9 }),
      identity({ model, prefixes: { task: 'x', document: '' } }),
    ]);
    expect(new Set([base, ...others]).size).toBe(5);
  });

  describe('when something is wrong', () => {
    it('names what is missing', async () => {
      await expect(create({ model: tempDir('empty') })).rejects.toMatchObject({
        fault: 'missing',
        message: /config\.json/,
      });
      await expect(create({ model: 'not a model' })).rejects.toMatchObject({ fault: 'invalid-option' });
    });

    it('#68 says so when the weights are corrupt, and leaves no process', async () => {
      const model = tiny();
      writeFileSync(join(model, 'onnx/model_quantized.onnx'), 'this is no model');
      const before = descendants(process.pid);
      await expect(create({ model })).rejects.toMatchObject({
        fault: 'missing',
        message: /tiny \(q8\) cannot be loaded/,
      });
      expect(descendants(process.pid)).toEqual(before);
    });

    it('#68 refuses vectors that are not numbers, and goes on', async () => {
      const embedder = await create({ model: tiny({ weights: { 'model.onnx': { nan: true } } }) });
      await expect(embedder.embedTasks(['send mail'])).rejects.toMatchObject({ fault: 'bad-answer' });
      expect(plain(await embedder.embedTasks(['read']))).toEqual([near(tinyMean('read'))]);
    });

    it('tells who waits when the process dies, and starts another for the next', async () => {
      const before = new Set(descendants(process.pid));
      const embedder = await create({ model: tiny() });
      const [pid = 0] = descendants(process.pid).filter((each) => !before.has(each));
      process.kill(pid, 'SIGSTOP');
      const waiting = expect(embedder.embedTasks(['read'])).rejects.toMatchObject({
        fault: 'unreachable',
        message: /ended with SIGKILL/,
      });
      process.kill(pid, 'SIGKILL');
      await waiting;
      await gone([pid]);
      await expect.poll(() => embedder.embedTasks(['read']).then(plain)).toEqual([near(tinyMean('read'))]);
    });

    it('ends a process that hangs', async () => {
      const before = new Set(descendants(process.pid));
      const embedder = await create({ model: tiny(), timeoutMs: 200 });
      const [pid = 0] = descendants(process.pid).filter((each) => !before.has(each));
      process.kill(pid, 'SIGSTOP');
      await expect(embedder.embedTasks(['read'])).rejects.toMatchObject({ fault: 'timeout', message: /within 200 ms/ });
      await gone([pid]);
    });

    it('does not mix vectors when the files change under it', async () => {
      const before = new Set(descendants(process.pid));
      const model = tiny();
      const embedder = await create({ model });
      writeTinyModel(model, { weights: { 'model_quantized.onnx': { scale: -1 } } });
      const [pid = 0] = descendants(process.pid).filter((each) => !before.has(each));
      process.kill(pid, 'SIGKILL');
      await gone([pid]);
      await expect
        .poll(() => embedder.embedTasks(['read']).catch((error: unknown) => error))
        .toMatchObject({ message: expect.stringContaining('have changed') });
    });
  });

  describe('ending', () => {
    it('stops between batches when the caller leaves', async () => {
      const embedder = await create({ model: tiny() });
      const controller = new AbortController();
      const run = embedder.embedDocuments(
        Array.from({ length: 5_000 }, () => tool('read')),
        controller.signal,
      );
      const ended = expect(run).rejects.toThrow('left');
      await embedder.embedTasks(['read']);
      controller.abort(new Error('left'));
      await ended;
      expect(plain(await embedder.embedTasks(['read']))).toEqual([near(tinyMean('read'))]);
    });

    it('ends the process on close, with work under way', async () => {
      const embedder = await create({ model: tiny() });
      const processes = descendants(process.pid);
      const run = expect(embedder.embedTasks(['read', 'write'])).rejects.toMatchObject({ fault: 'closed' });
      await embedder.close();
      await run;
      await gone(processes);
      await expect(embedder.embedTasks(['read'])).rejects.toMatchObject({ fault: 'closed' });
      await embedder.close();
    });

    it('ends the process when loading is given up', async () => {
      const before = descendants(process.pid);
      const controller = new AbortController();
      const loading = expect(create({ model: tiny(), signal: controller.signal })).rejects.toThrow('left');
      controller.abort(new Error('left'));
      await loading;
      expect(descendants(process.pid)).toEqual(before);
    });
  });
});

const shipped = fileURLToPath(new URL('../../../index/model/minilm-tools', import.meta.url));
const reference = fileURLToPath(new URL('../../../index/model/minilm-reference.json', import.meta.url));

describe.skipIf(!library || !existsSync(shipped))('our own MiniLM', () => {
  it('gives the vectors that the training program gave', async () => {
    const rows: { text: string; vector: number[] }[] = JSON.parse(readFileSync(reference, 'utf8'));
    const embedder = await create({ model: shipped });
    const vectors = await embedder.embedTasks(rows.map(({ text }) => text));
    const worst = Math.min(
      ...rows.map(({ vector }, i) => vector.reduce((sum, value, j) => sum + value * (vectors[i]?.[j] ?? 0), 0)),
    );
    expect(embedder.dimensions).toBe(384);
    expect(worst).toBeGreaterThan(0.9999);
  });
});
