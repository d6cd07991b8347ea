/** Keeps the words of the catalog from start to start: what a snapshot knows of an unchanged document is taken over as it is. */
import { type Clock, systemClock } from '../../src/stdx/clock.ts';
import { forgivingStorage } from '../store/forgiving-storage.ts';
import type { BlobStorage } from '../store/vector-store.ts';
import { type LexicalSnapshot, readLexicalSnapshot, writeLexicalSnapshot } from './lexical-snapshot.ts';

const KEY = 'words';
/** Writing waits so long for more changes; what a crash loses is only read again. */
const WRITE_DELAY_MS = 30_000;

export class WordMemory {
  readonly #storage: BlobStorage;
  readonly #clock: Clock;
  readonly #parked = new Map<string, { hash: string; slot: number }>();
  #cancelWrite: (() => void) | undefined;

  constructor(storage: BlobStorage, clock: Clock = systemClock) {
    this.#storage = forgivingStorage(storage);
    this.#clock = clock;
  }

  /** The snapshot of the last run, if there is a good one; its documents are parked until somebody brings them again. */
  load(): LexicalSnapshot | undefined {
    const bytes = this.#storage.read(KEY);
    const snapshot = bytes && readLexicalSnapshot(bytes);
    for (const { id, hash, slot } of snapshot?.documents ?? []) this.#parked.set(id, { hash, slot });
    return snapshot;
  }

  /** The slot of a parked document that has not changed; it is parked no longer. */
  claim(id: string, hash: string): number | undefined {
    const parked = this.#parked.get(id);
    if (parked?.hash !== hash) return undefined;
    this.#parked.delete(id);
    return parked.slot;
  }

  /** Slots of what nobody has brought again. */
  abandon(): Set<number> {
    const slots = new Set([...this.#parked.values()].map(({ slot }) => slot));
    this.#parked.clear();
    return slots;
  }

  /** Asks `snapshot` for what is to be written, some time after the first change. */
  changed(snapshot: () => LexicalSnapshot): void {
    this.#cancelWrite ??= this.#clock.after(WRITE_DELAY_MS, () => this.#write(snapshot()));
  }

  /** Writes now if a change waits. */
  flush(snapshot: () => LexicalSnapshot): void {
    if (!this.#cancelWrite) return;
    this.#cancelWrite();
    this.#write(snapshot());
  }

  #write(snapshot: LexicalSnapshot): void {
    this.#cancelWrite = undefined;
    this.#storage.write(KEY, writeLexicalSnapshot(snapshot));
  }
}
