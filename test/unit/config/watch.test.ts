/** Real files and real notifications; what did not happen is proven by a later change that is told as the next one. */
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Watch, watchFiles } from '../../../src/config/watch.ts';
import { temporaryFolder } from './config-files.ts';

let watch: Watch | undefined;
afterEach(() => watch?.close());

interface Watched {
  readonly folder: string;
  readonly file: string;
  /** Changes told so far. */
  count(): number;
  /** Resolves when so many were told. */
  told(count: number): Promise<void>;
}

function begin(prepare: (folder: string) => string, pollMs = 60_000): Watched {
  const folder = temporaryFolder();
  const file = prepare(folder);
  let changes = 0;
  const waiting = new Set<() => void>();
  watch = watchFiles({
    files: () => [file],
    pollMs,
    settleMs: 60,
    onChange: () => {
      changes += 1;
      for (const look of waiting) look();
    },
  });
  const told = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => changes >= count && resolve();
      waiting.add(look);
      look();
    });
  return { folder, file, count: () => changes, told };
}

function plainFile(folder: string): string {
  const file = join(folder, 'tooldex.yaml');
  writeFileSync(file, 'one');
  return file;
}

/** As Kubernetes mounts a ConfigMap: the file leads through `..data` into a folder that is swapped whole. */
function configMap(folder: string): string {
  mkdirSync(join(folder, '..first'));
  writeFileSync(join(folder, '..first', 'tooldex.yaml'), 'one');
  symlinkSync('..first', join(folder, '..data'));
  symlinkSync(join('..data', 'tooldex.yaml'), join(folder, 'tooldex.yaml'));
  return join(folder, 'tooldex.yaml');
}

describe('#64 each way of saving is one change', () => {
  it('truncated and written in pieces', async () => {
    const { file, told, count } = begin(plainFile);
    truncateSync(file);
    writeFileSync(file, 'tw', { flag: 'a' });
    writeFileSync(file, 'o', { flag: 'a' });
    await told(1);
    writeFileSync(file, 'three');
    await told(2);
    expect(count()).toBe(2);
  });

  it('written beside and renamed over, with a backup', async () => {
    const { folder, file, told, count } = begin(plainFile);
    writeFileSync(join(folder, '.tooldex.yaml.swp'), 'editor');
    writeFileSync(`${file}~`, 'one');
    writeFileSync(join(folder, '4913'), '');
    rmSync(join(folder, '4913'));
    writeFileSync(`${file}.new`, 'two');
    renameSync(`${file}.new`, file);
    await told(1);
    renameSync(file, `${file}~`);
    writeFileSync(file, 'three');
    await told(2);
    expect(count()).toBe(2);
  });

  it('a link that is swapped to another folder', async () => {
    const { folder, told, count } = begin(configMap);
    mkdirSync(join(folder, '..second'));
    writeFileSync(join(folder, '..second', 'tooldex.yaml'), 'two');
    symlinkSync('..second', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await told(1);
    writeFileSync(join(folder, '..second', 'tooldex.yaml'), 'three');
    await told(2);
    expect(count()).toBe(2);
  });

  it('the same content again and other files are none', async () => {
    const { folder, file, told, count } = begin(plainFile);
    writeFileSync(file, 'one');
    writeFileSync(join(folder, 'other.yaml'), 'x');
    writeFileSync(file, 'two');
    await told(1);
    expect(count()).toBe(1);
  });

  it('removed, and there again', async () => {
    const { file, told } = begin(plainFile);
    rmSync(file);
    await told(1);
    writeFileSync(file, 'back');
    await told(2);
  });

  it('where a file system tells nothing', async () => {
    const { folder, file, told } = begin((folder) => {
      mkdirSync(join(folder, 'inner'));
      return plainFile(join(folder, 'inner'));
    }, 50);
    // The watched folder is moved away with its watch; what stands there now is unheard of until somebody looks.
    renameSync(join(folder, 'inner'), join(folder, 'gone'));
    mkdirSync(join(folder, 'inner'));
    writeFileSync(file, 'two');
    await told(1);
  });
});

it('what somebody has noted is what later changes are told against', async () => {
  const { file, told, count } = begin(plainFile);
  writeFileSync(file, 'two');
  watch?.noteSeen();
  writeFileSync(file, 'one');
  await told(1);
  expect(count()).toBe(1);
});
