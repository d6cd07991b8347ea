/** Ends everything that a started process brought into the world: its group, and what left the group but kept the mark. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGroupAlive, processesWithVariable } from './process-table.ts';

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
  if (!isFamilyAlive(family)) return true;
  signalFamily(family, 'SIGTERM');
  if (await isGoneWithin(family, termMs)) return true;
  signalFamily(family, 'SIGKILL');
  return isGoneWithin(family, KILLED_WITHIN_MS);
}

function isFamilyAlive(family: Family): boolean {
  return isGroupAlive(family.group) || strays(family).length > 0;
}

function signalFamily(family: Family, signal: NodeJS.Signals): void {
  for (const target of [-family.group, ...strays(family)]) {
    try {
      process.kill(target, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
}

function strays({ group, mark }: Family): number[] {
  return mark ? processesWithVariable({ name: INSTANCE_VARIABLE, value: mark }, group) : [];
}

async function isGoneWithin(family: Family, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    if (!isFamilyAlive(family)) return true;
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
