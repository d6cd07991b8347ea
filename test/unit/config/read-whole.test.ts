/** What stands at a path may be anything; none of it may fill the memory or keep anybody waiting. */
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readWhole } from '../../../src/config/read-whole.ts';
import { temporaryFolder } from './config-files.ts';

const options = { bytesMax: 1024 };
const files = () => {
  const folder = temporaryFolder();
  return (name: string) => join(folder, name);
};

test('a file is read through links, to its last byte, and not one more than is wanted', () => {
  const at = files();
  writeFileSync(at('fits'), 'x'.repeat(1024));
  symlinkSync('fits', at('link'));
  expect(readWhole(at('link'), { ...options, onlyRegular: true })).toEqual({ bytes: Buffer.alloc(1024, 'x') });
  writeFileSync(at('long'), 'x'.repeat(1025));
  expect(readWhole(at('long'), options)).toEqual({ problem: 'it is larger than 1KiB' });
  writeFileSync(at('sparse'), '');
  truncateSync(at('sparse'), 2 ** 40);
  expect(readWhole(at('sparse'), { bytesMax: 4 * 1024 * 1024 })).toEqual({ problem: 'it is larger than 4MiB' });
});

test.skipIf(process.platform === 'win32')('a device without an end is given up, or refused at once', () => {
  expect(readWhole('/dev/zero', options)).toEqual({ problem: 'it is larger than 1KiB' });
  expect(readWhole('/dev/zero', { ...options, onlyRegular: true })).toEqual({
    problem: 'it is a pipe or a device, not a file',
  });
  expect(readWhole('/dev/null', options)).toEqual({ bytes: Buffer.alloc(0) });
});

test('what cannot be read is told in words', () => {
  const at = files();
  writeFileSync(at('file'), '');
  expect(readWhole(at('none'), options)).toMatchObject({ problem: 'there is no such file' });
  expect(readWhole(at('.'), options)).toMatchObject({ problem: 'it is a folder' });
  expect(readWhole(at('file/below'), options)).toMatchObject({ problem: 'ENOTDIR' });
});
