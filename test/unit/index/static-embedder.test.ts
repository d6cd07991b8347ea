import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Embedder } from '../../../index/embedding/embedder.ts';
import { openStaticEmbedder } from '../../../index/embedding/static-embedder.ts';
import { toolDocument } from '../../../index/tool-document.ts';

const MODEL = path.resolve('index/model/static.bin');
const REFERENCE = path.resolve('index/model/static-reference.json');

let folder: string;
let embedder: Embedder;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tooldex-model-'));
  embedder = await openStaticEmbedder(MODEL);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

describe('the built-in model', () => {
  it('gives the vectors of the Python program that trained it', async () => {
    const reference: { text: string; vector: number[] }[] = JSON.parse(await readFile(REFERENCE, 'utf8'));
    const spoken = reference.filter(({ vector }) => vector.some((x) => x !== 0));
    expect(spoken.length).toBeGreaterThan(20);
    const vectors = await embedder.embedTasks(spoken.map(({ text }) => text));
    for (const [i, { text, vector }] of spoken.entries()) {
      const worst = Math.max(...vector.map((x, d) => Math.abs(x - (vectors[i]?.[d] ?? 0))));
      expect(worst, text).toBeLessThan(1e-5);
    }
  });

  it('is named by what it holds', async () => {
    const bytes = await readFile(MODEL);
    const body = bytes.subarray(4 + bytes.readUInt32LE(0));
    const hash = createHash('sha256').update(body).digest('hex');
    expect(embedder.identity).toBe(`builtin-${hash.slice(0, 12)}-composed1`);
  });

  it('brings a wording near the tool that it means', async () => {
    const tools = [
      toolDocument({
        id: 'a',
        server: 'graphics',
        name: 'resize_image',
        description: 'Scale an image to new dimensions.',
      }),
      toolDocument({ id: 'b', server: 'mail', name: 'send_email', description: 'Deliver an email message.' }),
    ];
    const [image, mail] = (await embedder.embedDocuments(tools)) as [Float32Array, Float32Array];
    const [photo, letter] = (await embedder.embedTasks(['make this photo smaller', 'write a letter to my boss'])) as [
      Float32Array,
      Float32Array,
    ];
    expect(cosine(photo, image)).toBeGreaterThan(cosine(photo, mail));
    expect(cosine(letter, mail)).toBeGreaterThan(cosine(letter, image));
  });

  it('gives unit vectors for any text at all', async () => {
    const odd = ['', '   ', '…', '🦊🦊', '\ud800', 'x'.repeat(1_000_000), '搜索文件', 'ação é útil', '\0'];
    const vectors = await embedder.embedTasks(odd);
    for (const vector of vectors) expect(cosine(vector, vector)).toBeCloseTo(1, 4);
    const empty = toolDocument({ id: '', server: '', name: '' });
    const [vector = new Float32Array()] = await embedder.embedDocuments([empty]);
    expect(cosine(vector, vector)).toBeCloseTo(1, 4);
  });

  it('stops between documents when it is aborted', async () => {
    const stop = new AbortController();
    const many = Array.from({ length: 1_000 }, (_, i) => toolDocument({ id: `${i}`, server: 's', name: `tool_${i}` }));
    const embedding = embedder.embedDocuments(many, stop.signal);
    stop.abort(new Error('enough'));
    await expect(embedding).rejects.toThrow('enough');
  });
});

describe('#68 a model file', () => {
  it('that is missing is named, with what to do', async () => {
    const nowhere = path.join(folder, 'nowhere.bin');
    await expect(openStaticEmbedder(nowhere)).rejects.toMatchObject({
      fault: 'missing',
      message: expect.stringContaining(nowhere),
      hint: expect.any(String),
    });
  });

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (whole: Buffer) => whole.subarray(0, 100_000)],
    ['without its last byte', (whole: Buffer) => whole.subarray(0, -1)],
    ['another file', () => Buffer.from('\x08\0\0\0{"a": 1}')],
  ])('that is %s is refused', async (name, damage) => {
    const file = path.join(folder, `${name}.bin`);
    await writeFile(file, damage(await readFile(MODEL)));
    await expect(openStaticEmbedder(file)).rejects.toMatchObject({ fault: 'bad-answer' });
  });
});
