/** Ends what an earlier gateway left behind when it was killed: exactly that, and never a process that merely has its number. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endFamily, INSTANCE_VARIABLE } from '../runtimes/native/kill-ladder.ts';
import { processesWithVariable, processStart } from '../runtimes/native/process-table.ts';
import { isObject } from '../stdx/json.ts';
import type { LedgerEntry } from './ledger.ts';

const TERM_MS = 1_000;

export interface Reaped {
  readonly server: string;
  readonly pid: number;
}

/** Entries of a gateway that still runs stay. Gives what was found alive and ended; resolves when it is gone. */
export async function reap(folder: string): Promise<Reaped[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  const reaped = await Promise.all(files.map(reapFile));
  return reaped.filter((one) => one !== undefined);
}

async function reapFile(file: string): Promise<Reaped | undefined> {
  const entry = readEntry(await readFile(file, 'utf8').catch(() => ''));
  if (entry && isSame(entry.gateway.pid, entry.gateway.start)) return undefined;
  const wasAlive = entry ? await endLeftovers(entry) : false;
  await rm(file, { force: true });
  return entry && wasAlive ? { server: entry.server, pid: entry.pid } : undefined;
}

async function endLeftovers({ pid, start, mark }: LedgerEntry): Promise<boolean> {
  if (isSame(pid, start)) {
    await endFamily({ group: pid, mark }, TERM_MS);
    return true;
  }
  // The leader is gone and its number may be another's, so only those who carry its mark are touched.
  const strays = mark ? processesWithVariable({ name: INSTANCE_VARIABLE, value: mark }, 0) : [];
  for (const stray of strays) killIfThere(stray);
  return strays.length > 0;
}

function isSame(pid: number, start: string | undefined): boolean {
  return start !== undefined && processStart(pid) === start;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}

/** Undefined for a file that was torn or is not ours. */
function readEntry(text: string): LedgerEntry | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isEntry(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is LedgerEntry {
  if (!isObject(value) || !isObject(value.gateway)) return false;
  const { pid, start, mark, server, gateway } = value;
  const isMarked = mark === undefined || typeof mark === 'string';
  return (
    Number.isInteger(pid) &&
    typeof start === 'string' &&
    isMarked &&
    typeof server === 'string' &&
    Number.isInteger(gateway.pid)
  );
}
