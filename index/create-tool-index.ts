/** Builds the search engine from its parts; `search` below is its recipe. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';
import { DocumentTable, type TableEntry } from './document-table.ts';
import { ExactNames } from './lexical/exact-names.ts';
import { LexicalEvidence } from './lexical/lexical-evidence.ts';
import { LexicalIndex } from './lexical/lexical-index.ts';
import type { LexicalSnapshot } from './lexical/lexical-snapshot.ts';
import { WordMemory } from './lexical/word-memory.ts';
import { NO_STATISTICS, type WordStatistics } from './lexical/word-statistics.ts';
import { rank } from './rank.ts';
import { clauses } from './ranking/clauses.ts';
import { confidence, verdict, WORDS_THRESHOLDS } from './ranking/verdict.ts';
import { Similarities } from './similarities.ts';
import type { BlobStorage } from './store/vector-store.ts';
import { documentHash, type ToolDocument } from './tool-document.ts';
import type { SearchAnswer, SearchRequest, ToolIndex, UpsertReport } from './tool-index.ts';
import { vectorEvidence } from './vector-evidence.ts';
import { type LayerStatus, VectorLayer } from './vector-layer.ts';
import type { VectorSource } from './vector-source.ts';

export interface ToolIndexOptions {
  /** Rarity of words outside this catalog; without it the catalog alone decides what is rare. */
  readonly statistics?: WordStatistics;
  /** Best first. Each is indexed by itself; the first that is complete answers. None means words only. */
  readonly vectors?: readonly VectorSource[];
  /** Why there are no vectors although they were asked for; every answer repeats it. */
  readonly vectorsMissing?: string;
  /** Keeps the analysed words from start to start. */
  readonly storage?: BlobStorage;
  readonly clock?: Clock;
}

/** What the owner of an index may ask it besides searching. */
export interface ObservableToolIndex extends ToolIndex {
  /** One status a vector source, in their order. */
  status(): readonly LayerStatus[];
  /** Resolves when every vector is there; rejects when some cannot be made now. */
  settled(): Promise<void>;
}

export function createToolIndex(options: ToolIndexOptions = {}): ObservableToolIndex {
  return new HybridToolIndex(options);
}

/** After so many documents others get their turn on the event loop. */
const SLICE = 100;
const DEADLINE_MS = 500;
/** At least so many hits are ranked, because the verdict looks at more than the first. */
const LOOKED_AT = 10;
/** A request is words, not a document; the rest of a longer one is not read. */
const TASK_CHARACTERS = 8_000;

type Accept = (slot: number) => boolean;

/** The part of the catalog that a request may see. */
interface Scope {
  readonly accept: Accept;
  readonly searched: number;
  readonly servers?: ReadonlySet<string>;
}

class HybridToolIndex implements ObservableToolIndex {
  readonly #table = new DocumentTable();
  readonly #names = new ExactNames();
  readonly #lexical: LexicalIndex;
  readonly #evidence: LexicalEvidence;
  readonly #layers: readonly VectorLayer[];
  readonly #clock: Clock;
  readonly #vectorsMissing: string | undefined;
  readonly #memory: WordMemory | undefined;

  constructor(options: ToolIndexOptions) {
    const { statistics = NO_STATISTICS, vectors = [], vectorsMissing, storage, clock = systemClock } = options;
    this.#vectorsMissing = vectorsMissing;
    this.#lexical = new LexicalIndex(statistics);
    this.#evidence = new LexicalEvidence(this.#lexical);
    this.#clock = clock;
    this.#layers = vectors.map((source) => new VectorLayer(source, clock));
    this.#memory = storage && new WordMemory(storage, clock);
    this.#restore();
  }

  get size(): number {
    return this.#table.size;
  }

  async search(request: SearchRequest): Promise<SearchAnswer> {
    const begunMs = performance.now();
    const text = request.task.slice(0, TASK_CHARACTERS);
    const parts = clauses(text);
    this.#forgetParked();
    const servers = request.allow ? this.#scope(request).servers : this.#serversIfStoresHoldMore();
    const question = {
      text: this.#lexical.readable([text, ...(request.keyWords ?? [])].join(' . ')),
      clauses: parts.map((part) => this.#lexical.readable(part)),
      servers,
      deadlineMs: request.deadlineMs ?? DEADLINE_MS,
    };
    const vectors = await vectorEvidence(this.#layers, question, this.#clock);
    const vectorsMs = performance.now();

    // From here on nothing waits: the evidence belongs to this search alone.
    const scope = this.#scope(request);
    const isHybrid = vectors.kind === 'vectors';
    const slotOf = (id: string) => this.#table.slotOf(id);
    const similarities = isHybrid ? new Similarities(vectors.hits, slotOf) : undefined;
    const words = { text, clauses: parts, keyWords: request.keyWords ?? [], accept: scope.accept };
    this.#evidence.collect(words, this.#table.slotLimit);
    const wordsMs = performance.now();
    const ranked = rank({
      text,
      isTranslated: this.#lexical.translate(text).english.length > 0,
      limit: Math.max(request.limit, LOOKED_AT),
      accept: scope.accept,
      table: this.#table,
      names: this.#names,
      words: this.#evidence,
      similarities,
      share: isHybrid ? vectors.tuning.share : 0,
    });
    const hits = ranked.slice(0, request.limit);
    const degraded = vectors.degraded ?? (isHybrid ? undefined : this.#vectorsMissing);
    const sureness = confidence(ranked, this.#evidence.mass, isHybrid ? vectors.tuning.wordsInVerdict : 1);
    const rankMs = performance.now() - wordsMs;
    request.onStages?.({ vectors: vectorsMs - begunMs, words: wordsMs - vectorsMs, rank: rankMs });
    return {
      verdict: verdict(sureness, isHybrid ? vectors.tuning.thresholds : WORDS_THRESHOLDS),
      confidence: sureness,
      hits,
      matched: this.#matched(scope),
      searched: scope.searched,
      mode: isHybrid ? 'hybrid' : 'lexical',
      ...(degraded ? { degraded } : {}),
      ...(vectors.progress ? { progress: vectors.progress } : {}),
    };
  }

  async upsert(documents: readonly ToolDocument[]): Promise<UpsertReport> {
    const report = { added: 0, changed: 0, unchanged: 0 };
    const latest = [...new Map(documents.map((document) => [document.id, document])).values()];
    for (let start = 0; start < latest.length; start += SLICE) {
      if (start > 0) await new Promise(setImmediate);
      const slice = this.#upsertNow(latest.slice(start, start + SLICE));
      report.added += slice.added;
      report.changed += slice.changed;
      report.unchanged += slice.unchanged;
    }
    return report;
  }

  async remove(ids: readonly string[]): Promise<number> {
    const removed = this.#removeNow(ids);
    for (const layer of this.#layers) layer.remove(ids);
    return removed;
  }

  status(): readonly LayerStatus[] {
    return this.#layers.map((layer) => layer.status());
  }

  async settled(): Promise<void> {
    await Promise.all(this.#layers.map((layer) => layer.settled()));
  }

  async close(): Promise<void> {
    this.#memory?.flush(() => this.#snapshot());
    await Promise.all(this.#layers.map((layer) => layer.close()));
  }

  #upsertNow(documents: readonly ToolDocument[]): UpsertReport {
    const hashed = documents.map((document) => ({ document, hash: documentHash(document) }));
    const fresh = hashed.filter(({ document, hash }) => this.#entryOf(document.id)?.hash !== hash);
    const outdated = fresh.map(({ document }) => document.id).filter((id) => this.#entryOf(id));
    this.#removeNow(outdated);
    for (const { document, hash } of fresh) this.#add(document, hash);
    for (const layer of this.#layers) layer.upsert(fresh);
    const [added, changed] = [fresh.length - outdated.length, outdated.length];
    return { added, changed, unchanged: documents.length - fresh.length };
  }

  #entryOf(id: string): TableEntry | undefined {
    const slot = this.#table.slotOf(id);
    return slot === undefined ? undefined : this.#table.entry(slot);
  }

  #add(document: ToolDocument, hash: string): void {
    const { id, server, name } = document;
    const parked = this.#memory?.claim(id, hash);
    const slot = this.#table.add({ id, server, name, hash }, parked);
    this.#names.add(slot, name);
    if (parked !== undefined) return;
    this.#lexical.add(slot, document);
    this.#memory?.changed(() => this.#snapshot());
  }

  #restore(): void {
    const snapshot = this.#memory?.load();
    if (!snapshot) return;
    this.#table.reserve(new Set(snapshot.documents.map(({ slot }) => slot)));
    this.#lexical.restore(snapshot);
  }

  /** Whoever searches has brought the documents that there are; what only the last run knew is gone. */
  #forgetParked(): void {
    const slots = this.#memory?.abandon() ?? new Set<number>();
    if (slots.size > 0) this.#lexical.remove(slots);
  }

  #snapshot(): LexicalSnapshot {
    this.#forgetParked();
    const documents = [...this.#table.entries()].map(([slot, { id, hash }]) => ({ id, hash, slot }));
    return { ...this.#lexical.save(), documents };
  }

  /** A store may hold tools that are not in this index: another gateway's, or those of servers that went while it was down. */
  #serversIfStoresHoldMore(): ReadonlySet<string> | undefined {
    return this.#layers.some((layer) => layer.status().embedded > this.size) ? this.#table.servers() : undefined;
  }

  #removeNow(ids: readonly string[]): number {
    const slots = new Set<number>();
    for (const id of ids) {
      const slot = this.#table.slotOf(id);
      const entry = slot === undefined ? undefined : this.#table.entry(slot);
      if (slot === undefined || !entry) continue;
      slots.add(slot);
      this.#names.remove(slot, entry.name);
      this.#table.remove(slot);
    }
    if (slots.size > 0) this.#memory?.changed(() => this.#snapshot());
    this.#lexical.remove(slots);
    this.#table.recycle(this.#lexical.takeFreeSlots());
    return slots.size;
  }

  #scope({ allow }: SearchRequest): Scope {
    if (!allow) return { accept: (slot) => this.#table.entry(slot) !== undefined, searched: this.size };
    const [slots, servers] = [new Set<number>(), new Set<string>()];
    for (const [slot, entry] of this.#table.entries()) {
      if (!allow(entry)) continue;
      slots.add(slot);
      servers.add(entry.server);
    }
    return { accept: (slot) => slots.has(slot), searched: slots.size, servers };
  }

  #matched({ accept, searched }: Scope): number {
    const touched = this.#evidence.touched();
    if (searched === this.#table.slotLimit) return touched.length;
    let matched = 0;
    for (const slot of touched) if (accept(slot)) matched++;
    return matched;
  }
}
