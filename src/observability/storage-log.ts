/** Says in the log that what the search index keeps from start to start cannot be kept: once, and once more when all of it can again. */
import { explain } from '../errors.ts';
import type { Log } from './log.ts';

export interface KeptBytes {
  read(key: string): Uint8Array | undefined;
  write(key: string, bytes: Uint8Array): void;
  delete(key: string): void;
}

/** Does and throws what `storage` does. */
export function createStorageLog(storage: KeptBytes, log: Log): KeptBytes {
  const failing = new Set<string>();
  const watched = <Result>(key: string, work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      if (failing.size === 0)
        log('warn', `the search index cannot be kept, so the next start makes it again: ${explain(error)}`);
      failing.add(key);
      throw error;
    }
  };
  const changed = (key: string, work: () => void) => {
    watched(key, work);
    if (failing.delete(key) && failing.size === 0) log('info', 'the search index is kept again');
  };
  return {
    read: (key) => watched(key, () => storage.read(key)),
    write: (key, bytes) => changed(key, () => storage.write(key, bytes)),
    delete: (key) => changed(key, () => storage.delete(key)),
  };
}
