/** What an engine costs in memory: a model or a store may run in a process of its own, which `process.memoryUsage` does not see. */
import { readdirSync, readFileSync } from 'node:fs';

export interface MemoryMark {
  /** Bytes of this process. */
  readonly own: number;
  /** Below this process, at whatever depth; undefined where the platform does not tell. */
  readonly others: ReadonlyMap<number, number> | undefined;
}

export interface MemoryUse {
  /** Growth of this process and all that is resident of `apart`, in MiB; approximate, garbage included. */
  readonly memoryMiB: number;
  /** How much of it is in processes that have been started since; undefined where the platform does not tell (other than Linux). */
  readonly apartMiB: number | undefined;
}

export function memoryMark(): MemoryMark {
  return { own: process.memoryUsage().rss, others: process.platform === 'linux' ? processesBelow() : undefined };
}

/** From the mark until now. Pages that processes share count for each of them. */
export function memorySince(before: MemoryMark): MemoryUse {
  const { own, others } = memoryMark();
  const started = [...(others ?? [])].filter(([pid]) => !before.others?.has(pid));
  const apart = started.reduce((sum, [, bytes]) => sum + bytes, 0);
  return { memoryMiB: (own - before.own + apart) / MIB, apartMiB: others && apart / MIB };
}

const MIB = 2 ** 20;

interface Status {
  readonly parent: number;
  readonly bytes: number;
}

/** Resident bytes by pid. */
function processesBelow(): Map<number, number> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const all = new Map(pids.map((pid) => [pid, statusOf(pid)] as const));
  const below = new Map<number, number>();
  const isBelow = (pid: number): boolean => {
    for (let at = all.get(pid)?.parent; at; at = all.get(at)?.parent) if (at === process.pid) return true;
    return false;
  };
  for (const [pid, status] of all) if (status && isBelow(pid)) below.set(pid, status.bytes);
  return below;
}

/** proc_pid_status(5); undefined of a process that is gone. */
function statusOf(pid: number): Status | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    const numberAt = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { parent: numberAt('PPid'), bytes: numberAt('VmRSS') * 1_024 };
  } catch {
    return undefined;
  }
}
