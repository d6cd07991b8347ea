/** Gives every document a small number, its slot, so that the rankings can work in flat arrays. */

export interface TableEntry {
  readonly id: string;
  readonly server: string;
  readonly name: string;
  readonly hash: string;
}

export class DocumentTable {
  readonly #slots = new Map<string, number>();
  readonly #entries: (TableEntry | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#slots.size;
  }

  /** All slots are below this. */
  get slotLimit(): number {
    return this.#entries.length;
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  /** Undefined for the slot of a removed document. */
  entry(slot: number): TableEntry | undefined {
    return this.#entries[slot];
  }

  /** The id must not be in the table. */
  add(entry: TableEntry): number {
    const slot = this.#free.pop() ?? this.#entries.length;
    this.#entries[slot] = entry;
    this.#slots.set(entry.id, slot);
    return slot;
  }

  /** The slot is given again only after `recycle`. */
  remove(slot: number): void {
    const entry = this.#entries[slot];
    if (!entry) return;
    this.#slots.delete(entry.id);
    this.#entries[slot] = undefined;
  }

  recycle(slots: readonly number[]): void {
    this.#free.push(...slots);
  }

  *entries(): IterableIterator<[slot: number, entry: TableEntry]> {
    for (const slot of this.#slots.values()) {
      const entry = this.#entries[slot];
      if (entry) yield [slot, entry];
    }
  }
}
