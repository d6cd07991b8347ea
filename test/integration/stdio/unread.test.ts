/** A client of `tooldex stdio` that writes and does not read, over real pipes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { BIN } from '../../helpers/cli.ts';
import { fixtureServer, journalOf } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const CALLS = 1_000;
const TEXT = 'x'.repeat(40_000);

const line = (message: JsonObject) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
const echo = (id: number) => {
  const given = { tool: 's:echo', params: { text: TEXT } };
  return line({
    id,
    method: 'tools/call',
    params: { name: 'use_tool', arguments: given, _meta: { progressToken: id } },
  });
};
const clientInfo = { name: 't', version: '1' };
const OPENING =
  line({ id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } }) +
  line({ method: 'notifications/initialized' });

/** Says this and waits until no more of it is taken; what is left, in bytes. */
async function sayUntilStuck(stdin: Writable, lines: readonly string[]): Promise<number> {
  for (const each of lines) stdin.write(each);
  const left: number[] = [];
  const isStuck = () => {
    left.push(stdin.writableLength);
    return left.length > 10 && new Set(left.slice(-10)).size === 1;
  };
  await expect.poll(isStuck, { interval: 100 }).toBe(true);
  return left.at(-1) ?? 0;
}

/** Calls one by one until one is not made any more; how many that were. What waits for a server is no answer that is unread. */
async function callUntilUnread(stdin: Writable, called: () => number): Promise<number> {
  const before = called();
  for (const [at, each] of CALLED.entries()) {
    stdin.write(each);
    if (!(await comesTrue(() => called() > before + at))) return at + 1;
  }
  return CALLED.length;
}

/** Within much longer than a call takes on a machine that is busy. */
async function comesTrue(isSo: () => boolean): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 3_000; waitedMs += 10) {
    if (isSo()) return true;
    await sleep(10);
  }
  return false;
}

const CALLED = Array.from({ length: CALLS - 1 }, (_, at) => echo(at + 2));

function start() {
  const folder = tempDir();
  const [config, journal] = [join(folder, 'tooldex.json'), join(folder, 'journal')];
  writeFileSync(config, JSON.stringify({ servers: { s: fixtureServer('well-behaved', '--journal', journal) } }));
  const child = spawn(process.execPath, [BIN, 'stdio', '--config', config], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const called = () => (existsSync(journal) ? journalOf(journal, 'call').length : 0);
  return { child, called };
}

/** Of a process of this machine, in MiB; undefined where there is no such file. */
function peakMemory(pid: number | undefined): number | undefined {
  const file = `/proc/${pid}/status`;
  const found = existsSync(file) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return found === undefined ? undefined : Number(found) / 1024;
}

it('#44 is not read from while it does not read, and gets every answer when it does', async () => {
  const { child, called } = start();
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  child.stdin.write(OPENING + echo(1));
  const ids: unknown[] = [];
  const read = async () => {
    const { id } = JSON.parse((await lines.next()).value as string) as JsonObject;
    if (id !== undefined) ids.push(id);
  };
  while (ids.length < 2) await read();
  child.stdout.pause();
  const before = peakMemory(child.pid);
  const said = await callUntilUnread(child.stdin, called);
  const left = await sayUntilStuck(child.stdin, CALLED.slice(said));
  expect(left, 'most is still with the client').toBeGreaterThan((CALLS * TEXT.length) / 2);
  expect(called()).toBeLessThan(CALLS / 2);
  const after = peakMemory(child.pid);
  if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(100);
  child.stdout.resume();
  while (ids.length < CALLS + 1) await read();
  expect(new Set(ids).size).toBe(CALLS + 1);
  child.stdin.end();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});

it('#44 ends with a client that goes away and has not read', async () => {
  const { child } = start();
  child.stdin.on('error', () => {});
  await sayUntilStuck(child.stdin, [OPENING, ...CALLED]);
  const exited = once(child, 'exit');
  child.stdout.destroy();
  child.stdin.destroy();
  const [code] = await exited;
  expect(code).toBe(0);
});
