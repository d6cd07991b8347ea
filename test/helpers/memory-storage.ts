/** The index's storage in memory, which lives as long as a test wants. */
import type { BlobStorage } from '../../index/store/vector-store.ts';

export interface MemoryStorage extends BlobStorage {
  /** As they stand; a test may damage them. */
  readonly blobs: Map<string, Uint8Array>;
  /** How often something was written. */
  writes: number;
}

export function memoryStorage(): MemoryStorage {
  const blobs = new Map<string, Uint8Array>();
  const storage: MemoryStorage = {
    blobs,
    writes: 0,
    read: (key) => blobs.get(key),
    write(key, bytes) {
      storage.writes++;
      blobs.set(key, bytes.slice());
    },
    delete: (key) => void blobs.delete(key),
  };
  return storage;
}
