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
  readonly #servers = new Map<string, number>();

  #version = 0;

  /** Another one whenever documents come or go. */
  get version(): number {
    return this.#version;
  }

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

  /** Orders slots by id, so that equal scores never depend on what came first. */
  readonly isBefore = (slot: number, other: number): boolean =>
    (this.#entries[slot]?.id ?? '') < (this.#entries[other]?.id ?? '');

  /** Servers that have a document. */
  servers(): ReadonlySet<string> {
    return new Set(this.#servers.keys());
  }

  /** The id must not be in the table; a slot that is asked for must have been reserved. */
  add(entry: TableEntry, reserved?: number): number {
    const slot = reserved ?? this.#free.pop() ?? this.#entries.length;
    this.#version++;
    this.#entries[slot] = entry;
    this.#slots.set(entry.id, slot);
    this.#servers.set(entry.server, (this.#servers.get(entry.server) ?? 0) + 1);
    return slot;
  }

  /** Keeps these slots from being given to others; only for an empty table. */
  reserve(slots: ReadonlySet<number>): void {
    let limit = 0;
    for (const slot of slots) limit = Math.max(limit, slot + 1);
    for (let slot = 0; slot < limit; slot++) {
      this.#entries[slot] = undefined;
      if (!slots.has(slot)) this.#free.push(slot);
    }
  }

  /** The slot is given again only after `recycle`. */
  remove(slot: number): void {
    const entry = this.#entries[slot];
    if (!entry) return;
    this.#version++;
    this.#slots.delete(entry.id);
    this.#entries[slot] = undefined;
    const left = (this.#servers.get(entry.server) ?? 1) - 1;
    if (left > 0) this.#servers.set(entry.server, left);
    else this.#servers.delete(entry.server);
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
