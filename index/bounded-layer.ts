/** The vector layer of a source that is bounded: there while documents are few enough, and else nothing of it. */
import type { Clock } from '../src/stdx/clock.ts';
import type { DocumentTable } from './document-table.ts';
import { IndexError } from './index-error.ts';
import type { LayerStatus } from './layer-status.ts';
import type { PendingDocument } from './vector-backlog.ts';
import { VectorLayer } from './vector-layer.ts';
import type { BoundedSource } from './vector-source.ts';

/** Why it does not answer although it is wanted; nothing is wrong. */
export type Absence = { readonly spared: string } | { readonly progress: string };

export class BoundedLayer {
  readonly #source: BoundedSource;
  readonly #table: DocumentTable;
  readonly #clock: Clock;
  #layer: VectorLayer | undefined;
  /** Ids of documents whose texts it needs: they came while it was away. */
  readonly #untold = new Set<string>();
  /** Ids of documents whose vectors the store kept when it was put away. */
  #held: ReadonlySet<string> = new Set();
  #leaving: Promise<void> | undefined;
  #isClosed = false;

  constructor(source: BoundedSource, table: DocumentTable, clock: Clock) {
    this.#source = source;
    this.#table = table;
    this.#clock = clock;
    this.fit();
  }

  /** Undefined while it is away, or lacks texts. */
  get layer(): VectorLayer | undefined {
    return this.#untold.size === 0 ? this.#layer : undefined;
  }

  /** Whether documents that there are already must be brought again. */
  get lacksTexts(): boolean {
    return this.#untold.size > 0;
  }

  get absence(): Absence | undefined {
    if (this.layer) return undefined;
    const { name, upTo } = this.#source;
    if (!this.#areTooMany()) return { progress: `${name} begins after the next search` };
    const [there, most] = [this.#table.size, upTo.documents()];
    return { spared: `${name} is spared, because ${there} tools are more than ${upTo.setting} (${most})` };
  }

  status(): LayerStatus {
    return this.#layer?.status() ?? { model: this.#source.name, embedded: 0, pending: 0, ...this.absence };
  }

  /** Puts the layer away, or takes it in, as the number of documents in the table wants it. Nobody waits for either. */
  fit(): void {
    if (this.#areTooMany()) this.#putAway();
    else if (!this.#layer && !this.#leaving && !this.#isClosed) this.#takeIn();
  }

  /** `fresh` are those of `all` that are not in the table in just this form. */
  upsert(fresh: readonly PendingDocument[], all: readonly PendingDocument[]): void {
    this.#layer?.upsert(this.lacksTexts ? all : fresh);
    for (const { document } of all) this.#untold.delete(document.id);
  }

  remove(ids: readonly string[]): void {
    this.#layer?.remove(ids);
    for (const id of ids) this.#untold.delete(id);
  }

  /** As that of a layer; at once while it is away on purpose. */
  async settled(): Promise<void> {
    await this.#leaving;
    if (this.lacksTexts)
      throw new IndexError('unreachable', `${this.#source.name} lacks the texts of ${this.#untold.size} tools`);
    await this.#layer?.settled();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#leaving;
    await this.#layer?.close();
  }

  #areTooMany(): boolean {
    const most = this.#source.upTo.documents();
    return most === 0 || this.#table.size > most;
  }

  /** What it has read stays in its store; thread, model and vectors in memory go. */
  #putAway(): void {
    const layer = this.#layer;
    if (!layer) return;
    this.#layer = undefined;
    this.#untold.clear();
    this.#held = new Set([...this.#held, ...layer.stored.held()]);
    this.#leaving = layer
      .close()
      .catch(() => {})
      .then(() => {
        this.#leaving = undefined;
        this.fit();
      });
  }

  /** Whose document went meanwhile, its vector goes too, or it would take a place among the nearest for ever. */
  #takeIn(): void {
    this.#layer = new VectorLayer(this.#source.open(), this.#clock);
    for (const [, { id }] of this.#table.entries()) this.#untold.add(id);
    const gone = [...this.#held].filter((id) => !this.#untold.has(id));
    this.#layer.remove(gone);
    this.#held = new Set([...this.#held].filter((id) => this.#untold.has(id)));
  }
}
