/** How much all event streams together keep for clients that may come back: each has a bound of its own, but there are thousands. */

const KEPT_BYTES_MAX = 64 * 1024 * 1024;

/** Something that keeps what it can do without. */
export interface Keeper {
  /** It is to keep nothing of what it has now. */
  forget(): void;
}

export class KeptRoom {
  readonly #bytesMax: number;
  /** In the order in which they were last noted. */
  readonly #bytesOf = new Map<Keeper, number>();
  #bytes = 0;

  constructor(bytesMax = KEPT_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** `bytes` is all that it keeps now. Who was noted longest ago forgets first, and who is noted never for its own sake. */
  note(keeper: Keeper, bytes: number): void {
    this.leave(keeper);
    this.#bytesOf.set(keeper, bytes);
    this.#bytes += bytes;
    for (const oldest of this.#bytesOf.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === keeper) return;
      this.leave(oldest);
      oldest.forget();
    }
  }

  leave(keeper: Keeper): void {
    this.#bytes -= this.#bytesOf.get(keeper) ?? 0;
    this.#bytesOf.delete(keeper);
  }
}
