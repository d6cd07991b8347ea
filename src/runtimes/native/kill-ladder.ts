/** Ends everything that a started process brought into the world: its group, and what left the group but kept the mark. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGroupAlive, processesWithVariable, processStart } from './process-table.ts';

/** Set in the environment of every process that we start, with a value of its own, so that strays are found. */
export const INSTANCE_VARIABLE = 'TOOLDEX_INSTANCE';

export interface Family {
  /** Pid of the leader, which is the number of its process group. */
  readonly group: number;
  /** Value of `TOOLDEX_INSTANCE` in the environment of its members, if it was set. */
  readonly mark?: string;
}

/** Time for a killed process to leave the table; it can be long only while the kernel waits for a device. */
const KILLED_WITHIN_MS = 5_000;

/** TERM to every member, after `termMs` KILL to those that are left. Resolves true when none is left, false if some stay. */
export async function endFamily(family: Family, termMs: number): Promise<boolean> {
  if (process.platform === 'win32') return endWindowsTree(family.group);
  const strays: Strays = new Map();
  if (!isFamilyAlive(family, strays)) return true;
  signalFamily(family, strays, 'SIGTERM');
  if (await isGoneWithin(family, strays, termMs)) return true;
  signalFamily(family, strays, 'SIGKILL');
  return isGoneWithin(family, strays, KILLED_WITHIN_MS);
}

/** Start of each stray that was seen, by pid: one that is ending loses its environment, and so its mark, before its life. */
type Strays = Map<number, string>;

function isFamilyAlive(family: Family, strays: Strays): boolean {
  return isGroupAlive(family.group) || livingStrays(family, strays).length > 0;
}

function signalFamily(family: Family, strays: Strays, signal: NodeJS.Signals): void {
  for (const target of [-family.group, ...livingStrays(family, strays)]) {
    try {
      process.kill(target, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
}

/** Those that carry the mark now, and those that did when they were seen. */
function livingStrays({ group, mark }: Family, strays: Strays): number[] {
  if (!mark) return [];
  for (const pid of processesWithVariable({ name: INSTANCE_VARIABLE, value: mark }, group)) {
    const start = processStart(pid);
    if (start !== undefined) strays.set(pid, start);
  }
  return [...strays].filter(([pid, start]) => processStart(pid) === start).map(([pid]) => pid);
}

async function isGoneWithin(family: Family, strays: Strays, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    if (!isFamilyAlive(family, strays)) return true;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(pauseMs, leftMs));
  }
}

/** Windows knows no process groups; `taskkill` walks the tree of parents instead. */
function endWindowsTree(pid: number): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('taskkill', ['/pid', String(pid), '/T', '/F'], () => resolve(true));
  });
}
