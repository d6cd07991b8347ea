import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { documentText } from '../../../../index/embedding/document-text.ts';
import { type EncoderEmbedderOptions, openEncoderEmbedder } from '../../../../index/embedding/encoder-embedder.ts';
import { WordPieces } from '../../../../index/embedding/word-pieces.ts';
import { toolDocument } from '../../../../index/tool-document.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { TINY_TOKENS, tinyEncoder } from '../../../helpers/tiny-encoder.ts';

const tiny = tinyEncoder(4);
const pieces = new WordPieces(TINY_TOKENS);
const documents = Array.from({ length: 300 }, (_, i) =>
  toolDocument({ id: `t${i}`, server: 's', name: `read_file_${i}` }),
);

async function open(options: Partial<EncoderEmbedderOptions> = {}) {
  const modelFile = join(tempDir(), 'encoder.bin');
  writeFileSync(modelFile, tiny.bytes);
  const workers: Worker[] = [];
  const note = (worker: unknown) => workers.push(worker as Worker);
  process.on('worker', note);
  const embedder = await openEncoderEmbedder({ modelFile, ...options });
  onTestFinished(async () => {
    process.off('worker', note);
    await embedder.close();
  });
  return { embedder, modelFile, workers };
}

function expectClose(vector: Float32Array | undefined, text: string): void {
  const expected = tiny.reference(pieces.encode(text, 16));
  const cosine = expected.reduce((sum, x, i) => sum + x * (vector?.[i] ?? 0), 0);
  expect(cosine, text).toBeGreaterThan(0.9999);
}

describe('the encoder embedder', () => {
  it('gives the unit vectors of requests, and of documents by their text', async () => {
    const { embedder } = await open();
    const texts = ['send mail', '', 'read the files in a!', 'zzz '.repeat(40), '日本 🎉'];
    const vectors = await embedder.embedTasks(texts);
    for (const [i, text] of texts.entries()) expectClose(vectors[i], text);
    const [first] = documents;
    const [vector] = await embedder.embedDocuments(documents.slice(0, 1));
    if (first) expectClose(vector, documentText(first));
    expect(embedder.dimensions).toBe(16);
  });

  it('starts a thread for documents only, and not before the first', async () => {
    const { embedder, workers } = await open();
    await embedder.embedTasks(['send']);
    expect(workers).toHaveLength(0);
    await embedder.embedDocuments(documents.slice(0, 1));
    expect(workers).toHaveLength(1);
  });

  it('answers a request while a thread works on documents', async () => {
    const { embedder, workers } = await open();
    const ended: string[] = [];
    const indexing = embedder.embedDocuments(documents).then(() => ended.push('documents'));
    await embedder.embedTasks(['send mail']);
    ended.push('request');
    await indexing;
    expect(ended).toEqual(['request', 'documents']);
    expect(workers).toHaveLength(1);
  });

  it('ends at once for who aborts, and goes on for others', async () => {
    const { embedder } = await open();
    const stop = new AbortController();
    const indexing = embedder.embedDocuments(documents, stop.signal);
    stop.abort(new Error('enough'));
    await expect(indexing).rejects.toThrow('enough');
    const [vector] = await embedder.embedTasks(['send mail']);
    expectClose(vector, 'send mail');
  });

  it('takes many requests at once without a warning', async () => {
    const { embedder } = await open();
    const warnings: Error[] = [];
    // Node's own warnings, such as those of features that it calls experimental, come when they like.
    const note = (warning: Error) => void (warning.name === 'MaxListenersExceededWarning' && warnings.push(warning));
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const { signal } = new AbortController();
    const texts = Array.from({ length: 40 }, (_, i) => `send ${i}`);
    const asked = texts.map((text) => embedder.embedTasks([text]));
    expect(await embedder.embedTasks(texts, signal)).toEqual((await Promise.all(asked)).flat());
    // A warning comes a turn after its cause.
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });

  it('closes while it indexes, and refuses what comes later', async () => {
    const { embedder, workers } = await open();
    await embedder.embedDocuments(documents.slice(0, 1));
    const indexing = embedder.embedDocuments(documents).catch((reason: unknown) => reason);
    await embedder.close();
    expect(await indexing).toMatchObject({ fault: 'closed' });
    await expect(embedder.embedTasks(['send'])).rejects.toMatchObject({ fault: 'closed' });
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1]);
  });

  it('#68 a thread that dies fails what it worked on, and is started again', async () => {
    const { embedder, workers } = await open({ restartDelayMs: 0 });
    await embedder.embedDocuments(documents.slice(0, 1));
    const lost = embedder.embedDocuments(documents).catch((reason: unknown) => reason);
    await workers[0]?.terminate();
    expect(await lost).toMatchObject({ fault: 'unreachable', message: expect.stringContaining('built-in encoder') });
    expect(await embedder.embedDocuments(documents.slice(0, 2))).toHaveLength(2);
    expect(workers).toHaveLength(2);
  });

  it('#68 a thread that keeps dying rests before it is started again', async () => {
    const clock = fakeClock();
    const { embedder, workers } = await open({ clock });
    const some = documents.slice(0, 1);
    await embedder.embedDocuments(some);
    await workers[0]?.terminate();
    await expect(embedder.embedDocuments(some)).rejects.toMatchObject({ fault: 'unreachable' });
    expect(workers).toHaveLength(1);
    expect(await embedder.embedTasks(['send']), 'requests go on').toHaveLength(1);
    await clock.advance(1_000);
    await embedder.embedDocuments(some);
    expect(workers).toHaveLength(2);
  });

  it('ends the thread when nobody has used it for a while', async () => {
    const clock = fakeClock();
    const { embedder, workers } = await open({ clock, idleMs: 5_000 });
    await embedder.embedDocuments(documents.slice(0, 1));
    const exited = workers[0] && once(workers[0], 'exit');
    await clock.advance(5_000);
    await exited;
    await embedder.embedDocuments(documents.slice(0, 1));
    expect(workers).toHaveLength(2);
  });

  it('#68 never mixes vectors of two files', async () => {
    const { embedder, modelFile, workers } = await open({ restartDelayMs: 0 });
    const before = await embedder.embedDocuments(documents.slice(0, 1));
    writeFileSync(modelFile, tinyEncoder(9).bytes);
    await workers[0]?.terminate();
    expect(await embedder.embedDocuments(documents.slice(0, 1)), 'the file is not read again').toEqual(before);
    const other = await openEncoderEmbedder({ modelFile });
    expect(other.identity).not.toBe(embedder.identity);
    await other.close();
  });

  it('#68 numbers that are none are refused', async () => {
    const modelFile = join(tempDir(), 'encoder.bin');
    const { bytes } = tinyEncoder(1);
    const at = JSON.parse(bytes.subarray(12, 12 + bytes.readUInt32LE(8)).toString()).tensors[
      'layer.1.output_norm.bias'
    ];
    bytes.writeFloatLE(Number.NaN, at.offset);
    writeFileSync(modelFile, bytes);
    const embedder = await openEncoderEmbedder({ modelFile });
    onTestFinished(() => embedder.close());
    await expect(embedder.embedTasks(['send'])).rejects.toMatchObject({ fault: 'bad-answer' });
  });
});
