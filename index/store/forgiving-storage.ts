/** What an index keeps from start to start only saves time: a disk that is full or locked must not stop a search, nor the process. */
import type { BlobStorage } from './vector-store.ts';

/** Never throws: what cannot be read is not there; `write` and `delete` tell whether they could. Whoever owns the storage says why. */
export interface ForgivingStorage extends BlobStorage {
  write(key: string, bytes: Uint8Array): boolean;
  delete(key: string): boolean;
}

export function forgivingStorage(storage: BlobStorage): ForgivingStorage {
  return {
    read: (key) => {
      let bytes: Uint8Array | undefined;
      succeeds(() => {
        bytes = storage.read(key);
      });
      return bytes;
    },
    write: (key, bytes) => succeeds(() => storage.write(key, bytes)),
    delete: (key) => succeeds(() => storage.delete(key)),
  };
}

function succeeds(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
