/** What the operating system knows of processes that Node does not say: start times, groups, and who carries a mark. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface ProcessStat {
  readonly state: string;
  readonly group: number;
  /** Clock ticks since the machine started. */
  readonly startTicks: string;
}

/**
 * A text that tells this process from any other that had or will get the same pid: it holds the boot and the start time.
 * Undefined when the process is gone (or a zombie), or where the platform does not say (Windows).
 */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxStart(pid);
  if (process.platform === 'win32') return undefined;
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** True while a process of the group runs; zombies that nobody has waited for do not count where we can tell. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  return allPids().some((pid) => {
    const stat = readStat(pid);
    return stat?.group === group && !isDead(stat);
  });
}

export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** Pids outside `group` that run with this variable, which they inherited unless they chose their environment. Linux only. */
export function processesWithVariable({ name, value }: Variable, group: number): number[] {
  if (process.platform !== 'linux') return [];
  const wanted = `${name}=${value}`;
  return allPids().filter((pid) => {
    if (pid === process.pid || !readProc(pid, 'environ').split('\0').includes(wanted)) return false;
    const stat = readStat(pid);
    return stat !== undefined && stat.group !== group && !isDead(stat);
  });
}

function linuxStart(pid: number): string | undefined {
  const stat = readStat(pid);
  if (!stat || isDead(stat)) return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${stat.startTicks}`;
}

const isDead = ({ state }: ProcessStat) => state === 'Z' || state === 'X';

function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Fields of proc(5) `stat`: the name may hold blanks and brackets, so counting begins after the last bracket. */
function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startTicks = fields[19];
  return state && group && startTicks ? { state, group: Number(group), startTicks } : undefined;
}

/** Empty when the process is gone or belongs to somebody else. */
function readProc(pid: number, file: 'stat' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
