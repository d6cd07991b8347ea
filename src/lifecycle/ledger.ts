/** Remembers on disk which processes are ours, so that the next start finds them when this one was killed. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTANCE_VARIABLE } from '../runtimes/native/kill-ladder.ts';
import { processStart } from '../runtimes/native/process-table.ts';
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

/** Writes at once and synchronously: a process that is not in the ledger when we are killed is an orphan for ever. */
export function createLedger(folder: string): Ledger {
  mkdirSync(folder, { recursive: true });
  const gateway = { pid: process.pid, start: processStart(process.pid) };
  const files = new Map<number, string>();
  return {
    add({ pid, server }) {
      const start = processStart(pid);
      if (start === undefined) return;
      // In a container pids repeat from run to run, and the entry of an earlier run must not be mistaken for this one.
      const file = join(folder, `${pid}-${randomUUID()}.json`);
      files.set(pid, file);
      writeWhole(file, { pid, start, mark: markOf(pid), server, gateway });
    },
    remove(pid) {
      const file = files.get(pid);
      if (file) rmSync(file, { force: true });
      files.delete(pid);
    },
  };
}

function writeWhole(file: string, entry: LedgerEntry): void {
  const draft = `${file}.new`;
  writeFileSync(draft, JSON.stringify(entry));
  renameSync(draft, file);
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
