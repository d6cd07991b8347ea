/** The process table of this machine, as far as tests must know who is still alive. Linux only; elsewhere it is empty. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Pids whose environment, command line or working directory holds `mark`, this process and its ancestors aside. */
export function processesMarked(mark: string): number[] {
  const own = ancestry(process.pid);
  return allPids().filter((pid) => !own.has(pid) && isMarked(pid, mark));
}

/** True while the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  const stat = read(pid, 'stat');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** Resolves when every one of these processes is gone; rejects with their names after `withinMs`. */
export async function gone(pids: readonly number[], withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let left = pids.filter(isAlive); left.length > 0; left = left.filter(isAlive)) {
    if (performance.now() > deadline) throw new Error(`still alive: ${left.map(describeProcess).join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Resolves when no process is marked, those included that others of them start meanwhile; rejects with the names of what is left. */
export async function noneMarked(mark: string): Promise<void> {
  for (let left = processesMarked(mark); left.length > 0; left = processesMarked(mark)) await gone(left);
}

/** Pids of all descendants of a process, children before grandchildren. */
export function descendants(pid: number): number[] {
  const parents = new Map(allPids().map((each) => [each, parentOf(each)]));
  const found = [pid];
  for (const ancestor of found) for (const [child, parent] of parents) if (parent === ancestor) found.push(child);
  return found.slice(1);
}

export function describeProcess(pid: number): string {
  const command = read(pid, 'cmdline').replaceAll('\0', ' ').trim();
  return `${pid} ${command.slice(0, 200) || '(gone)'}`;
}

/** Kills a process that a test started and lost; one that is gone is fine. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself between the look and the kill.
  }
}

function allPids(): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function isMarked(pid: number, mark: string): boolean {
  return (
    isAlive(pid) &&
    [read(pid, 'environ'), read(pid, 'cmdline'), workingDirectory(pid)].some((text) => text.includes(mark))
  );
}

function ancestry(pid: number): Set<number> {
  const line = new Set<number>();
  for (let each = pid; each > 0; each = parentOf(each)) line.add(each);
  return line;
}

function parentOf(pid: number): number {
  const afterName = read(pid, 'stat').split(') ').at(-1) ?? '';
  return Number(afterName.split(' ')[1] ?? 0);
}

/** Processes come and go while they are read, and some belong to others: both read as nothing. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
