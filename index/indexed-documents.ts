/** The documents of an index with all that is looked up by words: who is there, under which names, in which texts. */
import type { Clock } from '../src/stdx/clock.ts';
import { DocumentTable, type TableEntry } from './document-table.ts';
import { ExactNames } from './lexical/exact-names.ts';
import { LexicalIndex } from './lexical/lexical-index.ts';
import type { LexicalSnapshot } from './lexical/lexical-snapshot.ts';
import { ServerNames } from './lexical/server-names.ts';
import { WordMemory } from './lexical/word-memory.ts';
import type { WordStatistics } from './lexical/word-statistics.ts';
import type { BlobStorage } from './store/vector-store.ts';
import { documentHash, type ToolDocument } from './tool-document.ts';
import type { PendingDocument } from './vector-backlog.ts';

export interface IndexedDocumentsOptions {
  readonly statistics: WordStatistics;
  /** Keeps the analysed words from start to start. */
  readonly storage: BlobStorage | undefined;
  readonly clock: Clock;
}

/** What an upsert has changed. */
export interface Upserted {
  readonly all: readonly PendingDocument[];
  /** Those that were not there in just this form. */
  readonly fresh: readonly PendingDocument[];
  /** How many of them were there in another. */
  readonly changed: number;
}

export class IndexedDocuments {
  readonly table = new DocumentTable();
  readonly names = { tools: new ExactNames(), servers: new ServerNames() };
  readonly lexical: LexicalIndex;
  readonly #memory: WordMemory | undefined;

  constructor({ statistics, storage, clock }: IndexedDocumentsOptions) {
    this.lexical = new LexicalIndex(statistics);
    this.#memory = storage && new WordMemory(storage, clock);
    this.#restore();
  }

  /** Each id may come once. */
  upsert(documents: readonly ToolDocument[]): Upserted {
    const hashed = documents.map((document) => ({ document, hash: documentHash(document) }));
    const fresh = hashed.filter(({ document, hash }) => this.#entryOf(document.id)?.hash !== hash);
    const outdated = fresh.map(({ document }) => document.id).filter((id) => this.#entryOf(id));
    this.remove(outdated);
    for (const { document, hash } of fresh) this.#add(document, hash);
    return { all: hashed, fresh, changed: outdated.length };
  }

  /** Returns how many were there. */
  remove(ids: readonly string[]): number {
    const slots = new Set<number>();
    for (const id of ids) {
      const slot = this.table.slotOf(id);
      const entry = slot === undefined ? undefined : this.table.entry(slot);
      if (slot === undefined || !entry) continue;
      slots.add(slot);
      this.names.tools.remove(slot, entry.name);
      this.names.servers.remove(entry.server);
      this.table.remove(slot);
    }
    if (slots.size > 0) this.#memory?.changed(() => this.#snapshot());
    this.lexical.remove(slots);
    this.table.recycle(this.lexical.takeFreeSlots());
    return slots.size;
  }

  /** Whoever searches has brought the documents that there are; what only the last run knew is gone. */
  forgetParked(): void {
    const slots = this.#memory?.abandon() ?? new Set<number>();
    if (slots.size > 0) this.lexical.remove(slots);
  }

  /** Writes down what waits to be. */
  close(): void {
    this.#memory?.flush(() => this.#snapshot());
  }

  #entryOf(id: string): TableEntry | undefined {
    const slot = this.table.slotOf(id);
    return slot === undefined ? undefined : this.table.entry(slot);
  }

  #add(document: ToolDocument, hash: string): void {
    const { id, server, name } = document;
    const parked = this.#memory?.claim(id, hash);
    const slot = this.table.add({ id, server, name, hash }, parked);
    this.names.tools.add(slot, name);
    this.names.servers.add(server);
    if (parked !== undefined) return;
    this.lexical.add(slot, document);
    this.#memory?.changed(() => this.#snapshot());
  }

  #restore(): void {
    const snapshot = this.#memory?.load();
    if (!snapshot) return;
    this.table.reserve(new Set(snapshot.documents.map(({ slot }) => slot)));
    this.lexical.restore(snapshot);
  }

  #snapshot(): LexicalSnapshot {
    this.forgetParked();
    const documents = [...this.table.entries()].map(([slot, { id, hash }]) => ({ id, hash, slot }));
    return { ...this.lexical.save(), documents };
  }
}
