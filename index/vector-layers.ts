/** The vector layers of an index, best first, as many as there are for so many documents. */
import type { Clock } from '../src/stdx/clock.ts';
import { type Absence, BoundedLayer } from './bounded-layer.ts';
import type { DocumentTable } from './document-table.ts';
import type { Upserted } from './indexed-documents.ts';
import type { LayerStatus } from './layer-status.ts';
import { VectorLayer } from './vector-layer.ts';
import type { BoundedSource, VectorSource } from './vector-source.ts';

export class VectorLayers {
  readonly #all: readonly (VectorLayer | BoundedLayer)[];

  constructor(sources: readonly (VectorSource | BoundedSource)[], table: DocumentTable, clock: Clock) {
    this.#all = sources.map((source) =>
      'upTo' in source ? new BoundedLayer(source, table, clock) : new VectorLayer(source, clock),
    );
  }

  /** Those that are there now; to be asked for anew after each wait. */
  current(): readonly VectorLayer[] {
    return this.#all.flatMap((each) => (each instanceof VectorLayer ? each : (each.layer ?? [])));
  }

  /** Of the best that is away. */
  get absence(): Absence | undefined {
    return this.#bounded().find(({ absence }) => absence)?.absence;
  }

  get lacksTexts(): boolean {
    return this.#bounded().some((each) => each.lacksTexts);
  }

  /** To be called when the table, or what a source is bounded by, has changed. */
  fit(): void {
    for (const each of this.#bounded()) each.fit();
  }

  upsert({ fresh, all }: Pick<Upserted, 'fresh' | 'all'>): void {
    for (const each of this.#all) each.upsert(fresh, all);
    this.fit();
  }

  remove(ids: readonly string[]): void {
    for (const each of this.#all) each.remove(ids);
    this.fit();
  }

  status(): readonly LayerStatus[] {
    return this.#all.map((each) => each.status());
  }

  async settled(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.settled()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.close()));
  }

  #bounded(): readonly BoundedLayer[] {
    return this.#all.filter((each) => each instanceof BoundedLayer);
  }
}
