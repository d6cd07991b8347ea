/** Only a file that is really another counts as one, and what cannot be opened is told as such. */
import { renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FollowedDatabase } from '../../../src/catalog/followed-database.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const disk = vi.hoisted(() => ({ refuses: false }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const rmSync: typeof real.rmSync = (...given) => {
    if (disk.refuses) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    real.rmSync(...given);
  };
  return { ...real, rmSync };
});

function follow() {
  let nowMs = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const onReopened = vi.fn();
  const file = join(tempDir('followed'), 'data', 'catalog.db');
  const database = new FollowedDatabase(file, onReopened);
  onTestFinished(() => {
    database.close();
    vi.restoreAllMocks();
  });
  const add = (server: string) =>
    database.prepare("INSERT INTO added_servers VALUES (?, '{}', 1, NULL, NULL)").run(server);
  const ask = () => database.prepare('SELECT server FROM added_servers').all();
  add('first');
  const backup = `${file}.backup`;
  database.exec(`VACUUM INTO '${backup}'`);
  /** Two looks find what is there now. */
  const askLater = () => {
    for (let looks = 0; looks < 2; looks++) {
      nowMs += 2_000;
      try {
        ask();
      } catch {
        // The caller asks once more.
      }
    }
    return ask();
  };
  return { file, backup, database, add, ask, askLater, onReopened };
}

it('#68 keeps to its file where nobody can say which one is at its path', () => {
  const { file, database, ask, askLater } = follow();
  const generation = database.dataVersion();
  const folder = dirname(file);
  renameSync(folder, `${folder}.away`);
  symlinkSync(folder, folder);
  expect(() => statSync(file)).toThrow('ELOOP');
  expect(askLater()).toEqual([{ server: 'first' }]);
  rmSync(folder);
  renameSync(`${folder}.away`, folder);
  expect(askLater()).toEqual([{ server: 'first' }]);
  expect(database.dataVersion()).toBe(generation);
  expect(ask()).toEqual([{ server: 'first' }]);
});

it('#68 says that it cannot be used while the log of the old file cannot be taken away, and goes on when it can', () => {
  const { file, backup, add, ask, askLater } = follow();
  add('second');
  renameSync(backup, file);
  disk.refuses = true;
  for (const again of [askLater, ask]) {
    expect(again).toThrow(
      expect.objectContaining({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(file) }),
    );
  }
  disk.refuses = false;
  expect(askLater()).toEqual([{ server: 'first' }]);
});

it('#68 tells nobody of another file who has closed it', async () => {
  const { file, backup, database, askLater, onReopened } = follow();
  renameSync(backup, file);
  askLater();
  database.close();
  await new Promise(setImmediate);
  expect(onReopened).not.toHaveBeenCalled();
});
