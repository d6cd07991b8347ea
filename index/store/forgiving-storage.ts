/** What an index keeps from start to start only saves time: a disk that is full or locked must not stop a search, nor the process. */
import type { BlobStorage } from './vector-store.ts';

/** Never throws: what cannot be read is not there, what cannot be written is made again by the next start. */
export function forgivingStorage(storage: BlobStorage): BlobStorage {
  return {
    read: (key) => unlessItFails(() => storage.read(key)),
    write: (key, bytes) => unlessItFails(() => storage.write(key, bytes)),
    delete: (key) => unlessItFails(() => storage.delete(key)),
  };
}

function unlessItFails<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
