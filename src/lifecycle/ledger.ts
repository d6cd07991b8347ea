/** Remembers on disk which processes are ours, so that the next start finds them when this one was killed. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { INSTANCE_VARIABLE } from '../runtimes/native/kill-ladder.ts';
import { processStart } from '../runtimes/native/process-table.ts';
import { writeWholeSync } from '../stdx/write-whole.ts';
import type { Ledger } from './server-plan.ts';

/** One file of the ledger: one process. */
export interface LedgerEntry {
  readonly pid: number;
  /** With the pid it names one process for ever, see `processStart`. */
  readonly start: string;
  /** Value of `TOOLDEX_INSTANCE` in its environment: its descendants carry it too. */
  readonly mark: string | undefined;
  readonly server: string;
  readonly gateway: { readonly pid: number; readonly start: string | undefined };
}

/** Told when the ledger cannot be written, and with undefined when it can again; not once for each process. */
export type OnLedgerProblem = (reason: string | undefined) => void;

/**
 * Writes at once and synchronously: a process that is not in the ledger when we are killed may be an orphan for ever.
 * Never throws: with a full disk servers start all the same, and end with the watcher of this process at the latest.
 */
export function createLedger(folder: string, onProblem: OnLedgerProblem = () => {}): Ledger {
  let problem: string | undefined;
  const attempt = (work: () => void) => {
    const before = problem;
    problem = failureOf(work);
    if ((problem === undefined) !== (before === undefined)) onProblem(problem);
  };
  const gateway = { pid: process.pid, start: processStart(process.pid) };
  const files = new Map<number, string>();
  return {
    add({ pid, server }) {
      const start = processStart(pid);
      if (start === undefined) return;
      // In a container pids repeat from run to run, and the entry of an earlier run must not be mistaken for this one.
      const file = join(folder, `${pid}-${randomUUID()}.json`);
      files.set(pid, file);
      attempt(() => {
        mkdirSync(folder, { recursive: true });
        const entry: LedgerEntry = { pid, start, mark: markOf(pid), server, gateway };
        writeWholeSync(file, JSON.stringify(entry), { mode: 0o600 });
      });
    },
    remove(pid) {
      const file = files.get(pid);
      // What stays is an entry of a process that is gone, which the next start throws away.
      if (file) failureOf(() => rmSync(file, { force: true }));
      files.delete(pid);
    },
  };
}

function failureOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Linux only; elsewhere only the process itself and its group can be found again. */
function markOf(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return variables
      .find((variable) => variable.startsWith(`${INSTANCE_VARIABLE}=`))
      ?.slice(INSTANCE_VARIABLE.length + 1);
  } catch {
    return undefined;
  }
}
