/** A lock that several gateways of one data folder respect, and that a killed one does not leave behind for ever. */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../../stdx/is-running.ts';
import { processStart } from '../native/process-table.ts';

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once, with the pid of the process that has the lock, if there is waiting to do. */
  readonly onWait?: (owner: number) => void;
}

interface Owner {
  readonly pid: number;
  readonly start: string | undefined;
}

const POLL_MS = 100;
/** Clearing away a dead owner's lock takes moments; who died in the middle of it is cleared away by age. */
const CLEARING_MS_MAX = 10_000;

/** Waits for the lock folder `path`; the returned function gives it back. Rejects only with the signal's reason or a file error. */
export async function acquireLock(path: string, { signal, onWait }: LockOptions = {}): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  for (let told = false; !(await take(path)); ) {
    const owner = await readOwner(path);
    if (owner && !isAlive(owner)) {
      await clear(path, owner);
      continue;
    }
    if (owner && !told) onWait?.(owner.pid);
    told ||= owner !== undefined;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }
  return () => remove(path);
}

/** Moved away first: emptied in place it could be taken by the next one in the middle of the removal. */
async function remove(path: string): Promise<void> {
  const away = uniqueBeside(path);
  await rename(path, away);
  await rm(away, { recursive: true, force: true });
}

const uniqueBeside = (path: string) => `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;

/** A folder that is born with its owner in it: renaming onto a folder that is not empty fails, whoever comes second. */
async function take(path: string): Promise<boolean> {
  const own = uniqueBeside(path);
  const owner: Owner = { pid: process.pid, start: processStart(process.pid) };
  await mkdir(own);
  try {
    await writeFile(join(own, 'owner.json'), JSON.stringify(owner));
    await rename(own, path);
    return true;
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (await isTaken(path, (error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}

/** Windows refuses with the same code as for missing rights, so a look decides there. */
async function isTaken(path: string, code: string | undefined): Promise<boolean> {
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return true;
  return (code === 'EPERM' || code === 'EACCES') && exists(path);
}

/** Two that find the same dead owner must not both clear: the second would take away the lock of the first. */
async function clear(path: string, dead: Owner): Promise<void> {
  const clearing = `${path}.clearing`;
  try {
    await mkdir(clearing);
  } catch {
    const age = await stat(clearing).then(
      // Also of what a clock that was set back seems to have made in the future.
      (found) => Math.abs(Date.now() - found.mtimeMs),
      () => 0,
    );
    if (age > CLEARING_MS_MAX) await rm(clearing, { recursive: true, force: true });
    else await sleep(POLL_MS);
    return;
  }
  try {
    const still = await readOwner(path);
    if (still && still.pid === dead.pid && still.start === dead.start) await remove(path);
  } finally {
    await rm(clearing, { recursive: true, force: true });
  }
}

/** Undefined when the lock was just given back. A file that cannot be read as an owner belongs to nobody alive. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const { pid, start } = JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')) as Owner;
    return { pid, start };
  } catch (error) {
    return error instanceof SyntaxError ? { pid: -1, start: undefined } : undefined;
  }
}

const isAlive = ({ pid, start }: Owner) => (start === undefined ? isRunning(pid) : processStart(pid) === start);

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
