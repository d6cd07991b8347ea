import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { blendEmbedders, openBuiltinEmbedder } from '../../../../index/embedding/builtin-embedder.ts';
import { openEncoderEmbedder } from '../../../../index/embedding/encoder-embedder.ts';
import { openStaticEmbedder } from '../../../../index/embedding/static-embedder.ts';
import { toolDocument } from '../../../../index/tool-document.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { tinyEncoder } from '../../../helpers/tiny-encoder.ts';

const STATIC = 'index/model/static.bin';
const dot = (a: Float32Array | undefined, b: Float32Array | undefined) =>
  a?.reduce((sum, x, i) => sum + x * (b?.[i] ?? 0), 0) ?? Number.NaN;

async function open() {
  const modelFolder = tempDir();
  const modelFile = join(modelFolder, 'encoder.bin');
  writeFileSync(modelFile, tinyEncoder().bytes);
  copyFileSync(STATIC, join(modelFolder, 'static.bin'));
  const [encoder, fixed] = [await openEncoderEmbedder({ modelFile }), await openStaticEmbedder(STATIC)];
  onTestFinished(() => encoder.close());
  return { modelFolder, encoder, fixed };
}

describe('the built-in embedder', () => {
  it('has cosines that are the weighted sums of those of its two models', async () => {
    const { encoder, fixed } = await open();
    const both = blendEmbedders(encoder, fixed, 0.25);
    const document = toolDocument({ id: 'a', server: 'mail', name: 'send_mail', description: 'Deliver a letter' });
    const cosine = async (embedder: typeof both) => {
      const [[task], [vector]] = [
        await embedder.embedTasks(['post a letter']),
        await embedder.embedDocuments([document]),
      ];
      return dot(task, vector);
    };
    expect(await cosine(both)).toBeCloseTo(0.75 * (await cosine(encoder)) + 0.25 * (await cosine(fixed)), 5);
    const [vector] = await both.embedTasks(['read']);
    expect(vector).toHaveLength(both.dimensions);
    expect(dot(vector, vector)).toBeCloseTo(1, 5);
  });

  it('reads the beginning of a tool only, and all of a request', async () => {
    const encoder = await openEncoderEmbedder({ modelFile: 'index/model/encoder.bin' });
    onTestFinished(() => encoder.close());
    const words = 'delete old files of a folder '.repeat(12);
    const texts = [words, `${words} unless they are invoices`];
    const documents = texts.map((description) => toolDocument({ id: 'a', server: 'disk', name: 'clean', description }));
    const [short, long] = await encoder.embedDocuments(documents);
    expect(long).toEqual(short);
    const [shorter, longer] = await encoder.embedTasks(texts);
    expect(dot(shorter, longer)).toBeLessThan(0.9999);
  });

  it('is named by both files and by the share of each', async () => {
    const { modelFolder, encoder, fixed } = await open();
    const both = await openBuiltinEmbedder(modelFolder);
    expect(both.identity).toContain(encoder.identity);
    expect(both.identity).toContain(fixed.identity);
    expect(both.identity).not.toBe(blendEmbedders(encoder, fixed, 0.25).identity);
    await both.close();
    await expect(both.embedTasks(['read'])).rejects.toMatchObject({ fault: 'closed' });
  });

  it('#68 is missing without either file', async () => {
    for (const file of ['static.bin', 'encoder.bin']) {
      const { modelFolder } = await open();
      rmSync(join(modelFolder, file));
      await expect(openBuiltinEmbedder(modelFolder)).rejects.toMatchObject({ fault: 'missing' });
    }
  });
});
