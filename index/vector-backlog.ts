/** What a vector store lacks of the documents that there are, and what it holds of those that went. */
import type { ToolDocument } from './tool-document.ts';

export interface PendingDocument {
  readonly document: ToolDocument;
  readonly hash: string;
}

/** Documents refused in a row, each alone: then it is not they that are odd. */
const REFUSED_MAX = 3;

export class VectorBacklog {
  readonly #pending = new Map<string, PendingDocument>();
  readonly #embedded = new Map<string, string>();
  readonly #removed = new Set<string>();
  readonly #strays = new Set<string>();
  readonly #refused = new Map<string, PendingDocument>();
  #refusedInRow = 0;
  /** All that were brought, where the store may lose them. */
  readonly #kept: Map<string, PendingDocument> | undefined;

  constructor({ mayBeLost }: { readonly mayBeLost: boolean }) {
    this.#kept = mayBeLost ? new Map() : undefined;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get embedded(): number {
    return this.#embedded.size;
  }

  /** Documents to be embedded or removed. */
  get size(): number {
    return this.#pending.size + this.#removed.size;
  }

  /** What the store holds and nobody has brought: another gateway's, or of the last run. Ids. */
  get strays(): ReadonlySet<string> {
    return this.#strays;
  }

  /** What the store may hold of what was brought, also in another version or on its way, and of what went. Ids. */
  held(): string[] {
    const embedded = [...this.#embedded.keys()].filter((id) => !this.#strays.has(id));
    return [...embedded, ...this.#pending.keys(), ...this.#refused.keys(), ...this.#removed];
  }

  /** One that is pending in another version may be on its way to the store, and has to be overtaken. */
  upsert(documents: readonly PendingDocument[]): void {
    for (const pending of documents) {
      const { id } = pending.document;
      this.#kept?.set(id, pending);
      this.#removed.delete(id);
      this.#strays.delete(id);
      this.#refused.delete(id);
      if (this.#pending.has(id) || this.#embedded.get(id) !== pending.hash) this.#pending.set(id, pending);
    }
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      this.#kept?.delete(id);
      this.#pending.delete(id);
      this.#embedded.delete(id);
      this.#strays.delete(id);
      this.#refused.delete(id);
      this.#removed.add(id);
    }
  }

  /** The store holds nothing any more: all that was brought is pending again. */
  lost(): void {
    this.#removed.clear();
    this.#refused.clear();
    this.#expectAll();
  }

  /** What the store had when it was opened, id to hash. */
  restore(hashes: ReadonlyMap<string, string>): void {
    this.#expectAll();
    for (const [id, hash] of hashes) {
      if (this.#removed.has(id)) continue;
      this.#embedded.set(id, hash);
      if (!this.#pending.has(id)) this.#strays.add(id);
    }
    for (const [id, { hash }] of this.#pending) if (this.#embedded.get(id) === hash) this.#pending.delete(id);
  }

  #expectAll(): void {
    this.#embedded.clear();
    this.#strays.clear();
    for (const [id, document] of this.#kept ?? []) this.#pending.set(id, document);
  }

  /** Documents to be embedded next, at most `limit`. */
  next(limit: number): PendingDocument[] {
    const batch: PendingDocument[] = [];
    for (const pending of this.#pending.values()) {
      if (batch.length >= limit) break;
      batch.push(pending);
    }
    return batch;
  }

  /** Ids to be removed from the store. */
  removals(): string[] {
    return [...this.#removed];
  }

  removedNow(ids: readonly string[]): void {
    for (const id of ids) this.#removed.delete(id);
  }

  /** What changed or went while it was embedded is not done: it is still pending, or to be removed again. */
  embeddedNow({ document: { id }, hash }: PendingDocument): void {
    const wanted = this.#pending.get(id);
    if (!wanted) this.#removed.add(id);
    else if (wanted.hash === hash) {
      this.#pending.delete(id);
      this.#embedded.set(id, hash);
    }
    this.#refusedInRow = 0;
  }

  /** To the end of the queue, so that one document that breaks the embedder holds up no other. */
  postpone(batch: readonly PendingDocument[]): void {
    for (const { document } of batch) {
      const pending = this.#pending.get(document.id);
      if (this.#pending.delete(document.id) && pending) this.#pending.set(document.id, pending);
    }
  }

  /**
   * Documents that the model cannot take rank by their words alone; the others must not wait for them. False when too many in a
   * row were given up: then it was the model, and all of them are pending again.
   */
  giveUp(batch: readonly PendingDocument[]): boolean {
    for (const { document } of batch) {
      const pending = this.#pending.get(document.id);
      if (this.#pending.delete(document.id) && pending) this.#refused.set(document.id, pending);
    }
    if (++this.#refusedInRow < REFUSED_MAX) return true;
    this.#refusedInRow = 0;
    for (const [id, document] of this.#refused) this.#pending.set(id, document);
    this.#refused.clear();
    return false;
  }
}
