import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAuditFile } from '../../../src/observability/audit-file.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function open(file: string, { fileBytesMax = 1e9, keep = 5 } = {}) {
  const log: string[] = [];
  const redact = (text: string) => text.replace(/s3cret|98765/g, '***');
  const audit = createAuditFile({
    file,
    fileBytesMax,
    keep,
    redact,
    log: (level, text) => log.push(`${level} ${text}`),
  });
  return { audit, log };
}

const read = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('appends a line for each entry, in order, secrets of the configuration masked, for the owner alone', async () => {
  const file = join(tempDir('audit'), 'deep', 'audit.jsonl');
  for (const round of [0, 1]) {
    const { audit } = open(file);
    for (let i = 0; i < 100; i += 1) audit.write({ n: round * 100 + i, token: 's3cret' });
    await audit.close();
  }
  expect(read(file).map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(readFileSync(file, 'utf8')).not.toContain('s3cret');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('renames a file that has grown too long and keeps as many as it should (#67)', async () => {
  const folder = tempDir('audit');
  const file = join(folder, 'audit.jsonl');
  for (let n = 0; n < 6; n += 1) {
    const { audit } = open(file, { fileBytesMax: 10, keep: 2 });
    audit.write({ n, text: 'longer than ten bytes' });
    await audit.close();
  }
  expect(readdirSync(folder).sort()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
  expect(['', '.1', '.2'].map((age) => read(`${file}${age}`)[0]?.n)).toEqual([5, 4, 3]);
});

it.runIf(existsSync('/dev/full'))('lives on with a full disk, and says so once (#67)', async () => {
  const { audit, log } = open('/dev/full');
  for (let n = 0; n < 3; n += 1) {
    audit.write({ n });
    await audit.close();
  }
  expect(log).toHaveLength(1);
  expect(log[0]).toMatch(/^error audit lines cannot be written to \/dev\/full and are lost: ENOSPC/);
});

it('tells how many lines were lost as soon as it can write again (#67)', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  mkdirSync(file);
  const { audit, log } = open(file);
  audit.write({ n: 0 });
  audit.write({ n: 1 });
  await audit.close();
  rmdirSync(file);
  audit.write({ n: 2 });
  await audit.close();
  expect(read(file)).toMatchObject([{ event: 'lost', lines: 2 }, { n: 2 }]);
  expect(log.map((line) => line.split(' ')[0])).toEqual(['error', 'warn']);
});

it('tells of lost lines and is well again though no other line comes (#67)', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  mkdirSync(file);
  const { audit, log } = open(file);
  audit.write({ n: 0 });
  await vi.advanceTimersByTimeAsync(50);
  await vi.waitFor(() => expect(audit.problem()).toContain('EISDIR'), { interval: 1, timeout: 20_000 });
  rmdirSync(file);
  await vi.advanceTimersByTimeAsync(5_000);
  await vi.waitFor(() => expect(audit.problem()).toBeUndefined(), { interval: 1, timeout: 20_000 });
  expect(read(file)).toMatchObject([{ event: 'lost', lines: 1 }]);
  expect(log.map((line) => line.split(' ')[0])).toEqual(['error', 'warn']);
  await audit.close();
});

it('holds a bounded number of lines while the disk does not answer', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  mkdirSync(file);
  const { audit, log } = open(file);
  const text = 'x'.repeat(1_000_000);
  for (let n = 0; n < 50; n += 1) audit.write({ n, text });
  await audit.close();
  rmdirSync(file);
  audit.write({ n: 'last' });
  await audit.close();
  const [loss, ...kept] = read(file);
  expect(Number(loss?.lines) + kept.length).toBe(51);
  expect(kept.length).toBeLessThan(10);
  expect(kept.at(-1)?.n).toBe('last');
  expect(log).toHaveLength(2);
});

it('tells of what it had no room for while it was writing', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  const { audit } = open(file);
  audit.write({ n: 0 });
  vi.advanceTimersByTime(50);
  const text = 'x'.repeat(1_000_000);
  for (let n = 1; n < 20; n += 1) audit.write({ n, text });
  await audit.close();
  const lines = read(file);
  const lost = lines.reduce((sum, { event, lines: many }) => sum + (event === 'lost' ? Number(many) : 0), 0);
  expect(lost).toBeGreaterThan(0);
  expect(lines.filter(({ n }) => n !== undefined).length + lost).toBe(20);
});

it('opens the file once for all lines of a short while, and loses none of them at the end', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  const { audit } = open(file);
  for (let n = 0; n < 10; n += 1) {
    audit.write({ n });
    await Promise.resolve();
  }
  expect(existsSync(file)).toBe(false);
  await vi.advanceTimersByTimeAsync(50);
  await vi.waitFor(() => expect(read(file)).toHaveLength(10), { interval: 1, timeout: 20_000 });
  audit.write({ n: 10 });
  await audit.close();
  expect(read(file).map(({ n }) => n)).toEqual(Array.from({ length: 11 }, (_, n) => n));
});

it('writes where it belongs after the file was moved away, without a signal (#67)', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  const { audit } = open(file);
  audit.write({ n: 0 });
  await audit.close();
  renameSync(file, `${file}.moved`);
  audit.write({ n: 1 });
  await audit.close();
  expect([`${file}.moved`, file].map((each) => read(each)[0]?.n)).toEqual([0, 1]);
});

it('begins a line of its own behind one that a crash or a full disk cut off (#67)', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  for (const beginning of ['', '{"n":0}\n', '{"n":0}\n{"n":']) {
    writeFileSync(file, beginning);
    const { audit } = open(file);
    for (const n of [1, 2]) {
      audit.write({ n });
      await audit.close();
    }
    expect(readFileSync(file, 'utf8')).toBe(`${beginning.replace(/:$/, ':\n')}{"n":1}\n{"n":2}\n`);
  }
});

it('stays JSON where a secret of the configuration is a number', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  const { audit } = open(file);
  audit.write({ n: 1, pin: 987654, params: { pins: [98765, -98765.5, 'a 98765'], isTrue: true } });
  await audit.close();
  expect(read(file)).toEqual([{ n: 1, pin: '***', params: { pins: ['***', '***', 'a ***'], isTrue: true } }]);
});

it('writes lines of JSON as they are, of ASCII and above it, in the order in which they came', async () => {
  const file = join(tempDir('audit'), 'audit.jsonl');
  const { audit } = open(file);
  for (let n = 0; n < 1_000; n += 1) {
    audit.writeAscii(`{"n":${n * 2},"text":"s3cret"}`);
    audit.writeLine(`{"n":${n * 2 + 1},"text":"sch\u00f6n \u20ac s3cret"}`);
  }
  await audit.close();
  const lines = read(file);
  expect(lines.map(({ n }) => n)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
  expect(new Set(lines.map(({ text }) => text))).toEqual(new Set(['***', 'sch\u00f6n \u20ac ***']));
});
