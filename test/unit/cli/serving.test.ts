/** The notes by which commands find a running gateway. */
import { linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noteServing, readServing } from '../../../src/cli/serving.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const at = (port: number) => ({ url: new URL(`http://0.0.0.0:${port}/mcp`), file: '/etc/tooldex.yaml' });

it('names the gateway as this machine reaches it, until it is taken away', () => {
  const folder = tempDir();
  const end = noteServing(folder, at(8080));
  expect(readServing(folder)).toEqual([{ pid: process.pid, url: 'http://127.0.0.1:8080', file: '/etc/tooldex.yaml' }]);
  end();
  expect(readServing(folder)).toEqual([]);
});

it('is never read half, since a torn note is thrown away as one that a killed gateway has left', () => {
  const folder = tempDir();
  noteServing(folder, at(8080));
  const notes = join(folder, 'serving');
  const [name = ''] = readdirSync(notes);
  linkSync(join(notes, name), join(folder, 'seen'));
  noteServing(folder, at(9090));
  expect(readFileSync(join(folder, 'seen'), 'utf8'), 'the old one was replaced, not written into').toContain(':8080');
  expect(readServing(folder)[0]?.url).toBe('http://127.0.0.1:9090');
  writeFileSync(join(notes, name), '{"pid":');
  expect([readServing(folder), readdirSync(notes)]).toEqual([[], []]);
});
