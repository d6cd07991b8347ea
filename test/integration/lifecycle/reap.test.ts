/** What is left when a gateway is killed, and that the next one ends exactly that. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLedger, type LedgerEntry } from '../../../src/lifecycle/ledger.ts';
import { reap } from '../../../src/lifecycle/reap.ts';
import { INSTANCE_VARIABLE } from '../../../src/runtimes/native/kill-ladder.ts';
import { processStart } from '../../../src/runtimes/native/process-table.ts';
import { endProcess, gone, isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const SLEEP = 'setInterval(() => {}, 1 << 30); process.stdout.write("up");';
const STUBBORN = `process.on("SIGTERM", () => {}); ${SLEEP}`;
const FORK = (how: string) => `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}], { stdio: ['ignore', 'pipe', 'ignore'], ${how} });
  child.stdout.once('data', () => process.stdout.write('up ' + child.pid + '\\n'));
  setInterval(() => {}, 1 << 30);`;

/** A process in a group of its own, as servers are; ends with the test at the latest. */
async function start(script: string, mark = '') {
  const child = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, [INSTANCE_VARIABLE]: mark },
  });
  const pid = child.pid ?? 0;
  onTestFinished(() => endProcess(pid));
  const said = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
  const grandchild = Number(said.split(' ')[1] ?? 0);
  if (grandchild > 0) onTestFinished(() => endProcess(grandchild));
  return { child: child as ChildProcess, pid, grandchild };
}

/** The folder as a gateway that was killed leaves it, with whatever was noted about `pid`. */
function ledgerOf(folder: string, pid: number, changes: Partial<LedgerEntry> = {}): void {
  createLedger(folder).add({ pid, server: 'left-behind' });
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const entry = JSON.parse(readFileSync(file, 'utf8')) as LedgerEntry;
    if (entry.pid !== pid) continue;
    writeFileSync(file, JSON.stringify({ ...entry, gateway: { pid: 999_999_999, start: 'another/1' }, ...changes }));
  }
}

describe('reap', () => {
  it('#13 ends the whole group of a process that a killed gateway left, stubborn grandchildren included', async () => {
    const folder = tempDir();
    const { pid, grandchild } = await start(FORK(''), 'group-mark');
    ledgerOf(folder, pid);
    expect(await reap(folder)).toEqual([{ server: 'left-behind', pid }]);
    await gone([pid, grandchild]);
    expect(readdirSync(folder)).toEqual([]);
    expect(await reap(folder)).toEqual([]);
  });

  it('#12 #13 ends what left its group too, even after its leader is gone', async () => {
    const folder = tempDir();
    const { child, pid, grandchild } = await start(FORK('detached: true'), 'stray-mark');
    ledgerOf(folder, pid);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    process.kill(pid, 'SIGKILL');
    await exited;
    expect(isAlive(grandchild)).toBe(true);
    expect(await reap(folder)).toEqual([{ server: 'left-behind', pid }]);
    await gone([grandchild]);
  });

  it('#13 never touches a process that only has the same number', async () => {
    const folder = tempDir();
    const { pid } = await start(SLEEP, 'somebody-else');
    ledgerOf(folder, pid, { start: `${processStart(pid)}0`, mark: 'ours' });
    expect(await reap(folder)).toEqual([]);
    expect(isAlive(pid)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('#66 leaves the processes of a gateway that runs alone', async () => {
    const folder = tempDir();
    const { pid } = await start(SLEEP);
    createLedger(folder).add({ pid, server: 's' });
    expect(await reap(folder)).toEqual([]);
    expect(isAlive(pid)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('#72 survives files that are torn or foreign, and a folder that is not there', async () => {
    const folder = tempDir();
    for (const [name, text] of [
      ['a.json', '{"pid":'],
      ['b.json', '[]'],
      ['c.json', '{"pid":1}'],
      ['notes.txt', 'mine'],
    ]) {
      writeFileSync(join(folder, name ?? ''), text ?? '');
    }
    expect(await reap(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual(['notes.txt']);
    expect(await reap(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('createLedger', () => {
  it('#67 lives on when it cannot write, and says so once, and once when it can again', async () => {
    const folder = join(tempDir(), 'ledger');
    writeFileSync(folder, 'a file in its place');
    const told: (string | undefined)[] = [];
    const ledger = createLedger(folder, (problem) => told.push(problem));
    const { pid } = await start(SLEEP);
    for (let round = 0; round < 3; round++) {
      ledger.add({ pid, server: 's' });
      ledger.remove(pid);
    }
    expect(told).toEqual([expect.stringMatching(/EEXIST|ENOTDIR/)]);
    rmSync(folder);
    ledger.add({ pid, server: 's' });
    expect(told).toHaveLength(2);
    expect(told[1]).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('notes a process as long as it is ours, and nothing of one that is gone', async () => {
    const folder = join(tempDir(), 'made', 'on', 'demand');
    const ledger = createLedger(folder);
    const { child, pid } = await start(SLEEP, 'a-mark');
    ledger.add({ pid, server: 'memory' });
    const [name] = readdirSync(folder);
    const entry = JSON.parse(readFileSync(join(folder, name ?? ''), 'utf8'));
    expect(entry).toEqual({
      pid,
      start: processStart(pid),
      mark: 'a-mark',
      server: 'memory',
      gateway: { pid: process.pid, start: processStart(process.pid) },
    });
    ledger.remove(pid);
    ledger.remove(pid);
    expect(readdirSync(folder)).toEqual([]);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    process.kill(pid, 'SIGKILL');
    await exited;
    ledger.add({ pid, server: 'memory' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
