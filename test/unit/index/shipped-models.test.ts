import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const FOLDER = 'index/model';
const bytes = (file: string) => statSync(join(FOLDER, file)).size;

it('models stay as small as whoever clones the repository may expect', () => {
  expect(bytes('static.bin') + bytes('encoder.bin')).toBeLessThanOrEqual(15 * 2 ** 20);
  expect(bytes('minilm-tools/onnx/model_quantized.onnx')).toBeLessThanOrEqual(24e6);
});

it('the card tells the sizes of the files that are there', () => {
  const card = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  const row = card.split('\n').find((line) => line.startsWith('| size |')) ?? '';
  for (const file of ['static.bin', 'encoder.bin', 'minilm-tools/onnx/model_quantized.onnx'])
    expect(row).toContain(`${(bytes(file) / 1e6).toFixed(2)} MB`);
});

it('the training code is there that the cards name, and every source that they name has its notice', () => {
  const cards = ['README.md', 'train/README.md'].map((name) => readFileSync(join(FOLDER, name), 'utf8')).join('\n');
  const programs = new Set([...cards.matchAll(/\b(\w+\.py)\b/g)].map(([, name]) => name ?? ''));
  expect(programs.size).toBeGreaterThan(8);
  expect([...programs].filter((name) => !readdirSync(join(FOLDER, 'train')).includes(name))).toEqual([]);
  const notice = readFileSync(join(FOLDER, 'NOTICE.md'), 'utf8');
  const table = cards.slice(cards.indexOf('| source |'), cards.indexOf('**Not used**'));
  for (const source of [
    'Toucan',
    'toolsdk',
    'Arcade',
    'Docker',
    'BFCL',
    'Seal-Tools',
    'MetaTool',
    'botocore',
    'google-api-python-client',
    'WordNet',
    'all-MiniLM-L6-v2',
  ]) {
    expect(table).toContain(source);
    expect(notice).toContain(source);
  }
});
