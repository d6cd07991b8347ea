/** Builds the search engine from its parts; `search` below is its recipe. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';
import type { DocumentTable } from './document-table.ts';
import { IndexedDocuments } from './indexed-documents.ts';
import type { LayerStatus } from './layer-status.ts';
import { LexicalEvidence } from './lexical/lexical-evidence.ts';
import type { LexicalIndex } from './lexical/lexical-index.ts';
import { NO_STATISTICS, type WordStatistics } from './lexical/word-statistics.ts';
import { type Question, readQuestion } from './question.ts';
import { rank } from './rank.ts';
import { WORDS_TUNING } from './ranking/tuning.ts';
import { confidence, isSettled, verdict } from './ranking/verdict.ts';
import { type Scope, scopeOf } from './scope.ts';
import { Similarities } from './similarities.ts';
import type { BlobStorage } from './store/vector-store.ts';
import type { ToolDocument } from './tool-document.ts';
import type { SearchAnswer, SearchRequest, StagesMs, ToolIndex, UpsertReport } from './tool-index.ts';
import { type VectorAnswer, vectorEvidence } from './vector-evidence.ts';
import type { VectorLayer } from './vector-layer.ts';
import { VectorLayers } from './vector-layers.ts';
import type { BoundedSource, VectorSource } from './vector-source.ts';

export interface ToolIndexOptions {
  /** Rarity of words outside this catalog; without it the catalog alone decides what is rare. */
  readonly statistics?: WordStatistics;
  /** Best first. Each is indexed by itself; the first that is complete answers. None means words only. */
  readonly vectors?: readonly (VectorSource | BoundedSource)[];
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
/** A quick model that hangs leaves the rest of the time to a better one. */
const QUICK_SHARE_OF_TIME = 0.25;
/** At least so many hits are ranked, because the verdict looks at more than the first. */
const LOOKED_AT = 10;

interface Judgement {
  readonly answer: SearchAnswer;
  /** A better model would hardly say anything else. */
  readonly isSettled: boolean;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** One search on its way. */
interface Searching {
  readonly question: Question;
  readonly stages: Writable<StagesMs>;
  scope: Scope;
}

class HybridToolIndex implements ObservableToolIndex {
  readonly #documents: IndexedDocuments;
  readonly #table: DocumentTable;
  readonly #lexical: LexicalIndex;
  readonly #evidence: LexicalEvidence;
  /** Whose words the evidence is about, and of which version of the table. */
  #collected: { readonly question: Question; readonly version: number } | undefined;
  readonly #layers: VectorLayers;
  readonly #clock: Clock;
  readonly #vectorsMissing: string | undefined;

  constructor(options: ToolIndexOptions) {
    const { statistics = NO_STATISTICS, vectors = [], vectorsMissing, storage, clock = systemClock } = options;
    this.#vectorsMissing = vectorsMissing;
    this.#documents = new IndexedDocuments({ statistics, storage, clock });
    this.#table = this.#documents.table;
    this.#lexical = this.#documents.lexical;
    this.#evidence = new LexicalEvidence(this.#lexical);
    this.#clock = clock;
    this.#layers = new VectorLayers(vectors, this.#table, clock);
  }

  get size(): number {
    return this.#table.size;
  }

  get lacksTexts(): boolean {
    return this.#layers.lacksTexts;
  }

  /** Where the best source is costly, the last one answers first, and alone when that leaves no doubt. */
  async search(request: SearchRequest): Promise<SearchAnswer> {
    const stages = { vectors: 0, words: 0, rank: 0 };
    this.#documents.forgetParked();
    this.#layers.fit();
    const scope = scopeOf(this.#table, request.allow);
    const question = readQuestion(request, {
      readable: (text) => this.#lexical.readable(text),
      servers: request.allow ? scope.servers : this.#serversIfStoresHoldMore(),
      clock: this.#clock,
    });
    const searching = { question, scope, stages };
    const quick = this.#quickLayer();
    const first = quick && (await this.#judge([quick], searching, QUICK_SHARE_OF_TIME));
    const { answer } = first?.isSettled ? first : await this.#judge(this.#layers.current(), searching, 1);
    request.onStages?.(stages);
    return answer;
  }

  async upsert(documents: readonly ToolDocument[]): Promise<UpsertReport> {
    const report = { added: 0, changed: 0, unchanged: 0 };
    const latest = [...new Map(documents.map((document) => [document.id, document])).values()];
    for (let start = 0; start < latest.length; start += SLICE) {
      if (start > 0) await new Promise(setImmediate);
      const slice = latest.slice(start, start + SLICE);
      const { all, fresh, changed } = this.#documents.upsert(slice);
      this.#layers.upsert({ all, fresh });
      report.added += fresh.length - changed;
      report.changed += changed;
      report.unchanged += slice.length - fresh.length;
    }
    return report;
  }

  async remove(ids: readonly string[]): Promise<number> {
    const removed = this.#documents.remove(ids);
    this.#layers.remove(ids);
    return removed;
  }

  status(): readonly LayerStatus[] {
    return this.#layers.status();
  }

  async settled(): Promise<void> {
    await this.#layers.settled();
  }

  async close(): Promise<void> {
    this.#documents.close();
    await this.#layers.close();
  }

  /** The last source, where it may spare a costly one the work. */
  #quickLayer(): VectorLayer | undefined {
    const layers = this.#layers.current();
    for (const layer of layers) layer.searched();
    const [best, last] = [layers[0], layers.at(-1)];
    return best?.whenInDoubt && last !== best ? last : undefined;
  }

  async #judge(layers: readonly VectorLayer[], searching: Searching, share: number): Promise<Judgement> {
    const { question, stages } = searching;
    const begunMs = performance.now();
    const deadlineMs = share * (question.endsAt - this.#clock.now());
    const vectors = await vectorEvidence(layers, { ...question.vectors, deadlineMs }, this.#clock);
    const vectorsMs = performance.now();

    // From here on nothing waits: the evidence belongs to this search alone.
    const isOutdated = searching.scope.version !== this.#table.version;
    if (isOutdated) searching.scope = scopeOf(this.#table, question.request.allow);
    const { scope } = searching;
    this.#collect(question, scope);
    const wordsMs = performance.now();
    const judgement = this.#join(question, vectors, scope);
    stages.vectors += vectorsMs - begunMs;
    stages.words += wordsMs - vectorsMs;
    stages.rank += performance.now() - wordsMs;
    return judgement;
  }

  /** Once for both models, unless another search or another version came between. */
  #collect(question: Question, { accept, version }: Scope): void {
    if (this.#collected?.question === question && this.#collected.version === version) return;
    const { text, keyWords, parts } = question;
    this.#evidence.collect(
      { text, clauses: parts, keyWords, accept, isBefore: this.#table.isBefore },
      this.#table.slotLimit,
    );
    this.#collected = { question, version };
  }

  /** Joins the vectors with the words that have been collected. */
  #join({ request, text }: Question, vectors: VectorAnswer, scope: Scope): Judgement {
    const limit = Math.max(0, Math.min(request.limit || 0, this.#table.size));
    const isHybrid = vectors.kind === 'vectors';
    const tuning = isHybrid ? vectors.tuning : WORDS_TUNING;
    const ranked = rank({
      text,
      isTranslated: this.#lexical.translate(text).english.length > 0,
      limit: Math.max(limit, LOOKED_AT),
      accept: scope.accept,
      table: this.#table,
      names: this.#documents.names,
      words: this.#evidence,
      similarities: isHybrid ? new Similarities(vectors.hits, (id) => this.#table.slotOf(id)) : undefined,
      share: tuning.share,
    });
    const sureness = confidence(ranked, this.#evidence.mass, tuning.wordsInVerdict);
    const settled = isSettled({ hits: ranked, sureness, tools: scope.searched }, tuning);
    const degraded = vectors.degraded ?? (isHybrid ? undefined : this.#vectorsMissing);
    const answer: SearchAnswer = {
      verdict: settled ? 'match' : verdict(sureness, tuning.thresholds, scope.searched),
      confidence: sureness,
      hits: ranked.slice(0, limit),
      matched: this.#matched(scope),
      searched: scope.searched,
      mode: isHybrid ? 'hybrid' : 'lexical',
      ...(isHybrid ? { model: vectors.model } : {}),
      ...(degraded ? { degraded } : {}),
      ...(vectors.progress ? { progress: vectors.progress } : {}),
      ...this.#layers.absence,
    };
    return { answer, isSettled: settled };
  }

  /** A store may hold tools that are not in this index: another gateway's, or those of servers that went while it was down. */
  #serversIfStoresHoldMore(): ReadonlySet<string> | undefined {
    return this.#layers.current().some(({ stored }) => stored.strays.size > 0) ? this.#table.servers() : undefined;
  }

  #matched({ accept, searched }: Scope): number {
    const touched = this.#evidence.touched();
    if (searched === this.#table.slotLimit) return touched.length;
    let matched = 0;
    for (const slot of touched) if (accept(slot)) matched++;
    return matched;
  }
}
