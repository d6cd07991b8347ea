/** One embedder with its store, kept in step with the documents in the background. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';
import { IndexError } from './index-error.ts';
import type { LayerStatus } from './layer-status.ts';
import { STATIC_TUNING, type VectorTuning } from './ranking/tuning.ts';
import type { VectorHit } from './store/vector-store.ts';
import { type PendingDocument, VectorBacklog } from './vector-backlog.ts';
import type { VectorSource } from './vector-source.ts';
import { withDeadline, withSignals } from './with-deadline.ts';

export interface NearestTexts {
  readonly texts: readonly string[];
  readonly limit: number;
  readonly servers?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** Documents given to the embedder at once. */
const BATCH = 64;
/** A document of the static model takes about this; slower models are known after their first batch, or feared where somebody waits. */
const FIRST_GUESS_MS = { fast: 0.3, slow: 10 };
/** A source in the background leaves the first search and what follows it alone for so long. */
const BEGIN_AFTER_MS = 2_000;
const RETRY_MS = { first: 1_000, longest: 60_000 };
/** Asked for besides, so that vectors of documents that went unnoticed take no places; Chroma Cloud gives 300 at once. */
const STRAYS_PASSED_OVER = 240;
/** Serves although so large a share of the documents has no vector yet; they still rank by their words. */
const MISSING_SHARE_MAX = 0.05;

export class VectorLayer {
  /** Whether `nearest` waits for nobody. */
  readonly isImmediate: boolean;
  readonly #source: VectorSource;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #backlog: VectorBacklog;
  #isOpen = false;
  #batch = BATCH;
  #problem: string | undefined;
  #failure: IndexError | undefined;
  #msPerDocument: number;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #rests = 0;
  #restsUntil = 0;
  #working: Promise<void> | undefined;
  #isDormant: boolean;
  #cancelBegin: (() => void) | undefined;

  constructor(source: VectorSource, clock: Clock = systemClock) {
    this.#source = source;
    this.#backlog = new VectorBacklog({ mayBeLost: source.store.mayVanish ?? false });
    this.isImmediate = (source.embedder.isImmediate && source.store.isImmediate) ?? false;
    this.#clock = clock;
    this.#isDormant = source.inBackground ?? false;
    const isFeared = source.patienceMs !== undefined && !source.embedder.isImmediate;
    this.#msPerDocument = isFeared ? FIRST_GUESS_MS.slow : FIRST_GUESS_MS.fast;
    this.#wake();
  }

  /** Whether all is well while it is not ready. */
  get inBackground(): boolean {
    return this.#source.inBackground ?? false;
  }

  /** Whether it is asked only where the last layer leaves doubts. */
  get whenInDoubt(): boolean {
    return this.#source.whenInDoubt ?? false;
  }

  get name(): string {
    return this.#source.name ?? this.#source.embedder.identity;
  }

  get tuning(): VectorTuning {
    return this.#source.tuning ?? STATIC_TUNING;
  }

  status(): LayerStatus {
    const { embedder } = this.#source;
    const { embedded, pending } = this.#backlog;
    const counts = { model: embedder.identity, embedded, pending };
    return this.#problem ? { ...counts, problem: this.#problem } : counts;
  }

  /** Undefined when it can answer, else why not. */
  unready(): string | undefined {
    const { embedded, pending, problem } = this.status();
    if (this.#clock.now() < this.#restsUntil && problem) return problem;
    if (this.#isDormant) return `${this.name} begins after the first search`;
    if (!this.#isOpen) return problem ?? `${this.name} is not open yet`;
    const isBehind = pending > MISSING_SHARE_MAX * (embedded + pending);
    if (!isBehind) return undefined;
    const doing = this.#isTooLong() ? 'has read' : 'is still indexing:';
    return problem ?? `${this.name} ${doing} ${embedded} of ${embedded + pending} tools`;
  }

  /** A guess of how long the pending documents will take, from the speed so far; endless while something is wrong. */
  remainingMs(): number {
    return this.#problem ? Number.POSITIVE_INFINITY : this.#backlog.pending * this.#msPerDocument;
  }

  upsert(documents: readonly PendingDocument[]): void {
    this.#backlog.upsert(documents);
    this.#wake();
  }

  remove(ids: readonly string[]): void {
    this.#backlog.remove(ids);
    this.#wake();
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** What the store holds: of documents of this index, and of others. */
  get stored(): Pick<VectorBacklog, 'held' | 'strays'> {
    return this.#backlog;
  }

  /** One list of hits a text. */
  async nearest({ texts, limit, servers, signal }: NearestTexts): Promise<VectorHit[][]> {
    const vectors = await this.#source.embedder.embedTasks(texts, signal);
    const { store } = this.#source;
    const { strays } = this.#backlog;
    const wanted = { limit: limit + Math.min(strays.size, STRAYS_PASSED_OVER), servers, signal };
    const hits = await Promise.all(vectors.map((vector) => store.nearest({ vector, ...wanted })));
    this.#problem = undefined;
    this.#rests = 0;
    return strays.size === 0 ? hits : hits.map((list) => list.filter(({ id }) => !strays.has(id)).slice(0, limit));
  }

  /** Takes the layer out of service for a moment, longer each time until something works again; returns why. */
  rest(error: unknown): string {
    this.#problem = describe(error);
    this.#restsUntil = this.#clock.now() + RETRY_MS.first * 2 ** Math.min(this.#rests++, 6);
    this.#noteLoss(error);
    return this.#problem;
  }

  /** Resolves when it can answer, or will not while somebody has patience; at once where nobody has. */
  async waitedFor(): Promise<void> {
    const { patienceMs } = this.#source;
    if (patienceMs !== undefined && this.unready()) await this.settledWithin(patienceMs);
  }

  /** Never rejects: `unready` tells afterwards what became of it. */
  settledWithin(ms: number): Promise<void> {
    const expired = () => new IndexError('timeout', 'The vectors are not complete yet');
    return withDeadline(() => this.settled(), { ms, clock: this.#clock, expired }).catch(() => {});
  }

  /** Somebody searches: from now on there is use for vectors. */
  searched(): void {
    if (this.#isDormant) this.#cancelBegin ??= this.#clock.after(BEGIN_AFTER_MS, () => this.#begin());
  }

  /** Resolves when nothing is pending; rejects when what is left cannot be done now. */
  async settled(): Promise<void> {
    this.#begin();
    while (this.#working) await this.#working;
    const { pending } = this.#backlog;
    if (pending > 0)
      throw this.#failure ?? new IndexError('unreachable', this.#problem ?? 'The vectors are not complete');
  }

  /** Waits for nothing that the store or the embedder is doing: a Chroma that starts takes minutes. */
  async close(): Promise<void> {
    this.#cancelBegin?.();
    this.#cancelRetry?.();
    this.#closing.abort(new IndexError('closed', 'The index is closed'));
    await this.#working;
    // What is left there would come back with the next start, among the nearest; no store may keep a process waiting for it.
    if (this.#isOpen && this.#source.store.isImmediate) await this.#removeSome();
    await Promise.allSettled([this.#source.store.close(), this.#source.embedder.close()]);
  }

  #begin(): void {
    this.#isDormant = false;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#wake();
  }

  /** After a failure not before its time, however many documents come meanwhile. */
  #wake(): void {
    if (this.#isDormant || this.#working || this.#cancelRetry || this.#closing.signal.aborted) return;
    this.#working = withSignals(() => this.#work(), [this.#closing.signal])
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#working = undefined;
        if (this.#hasWork() && this.#failures === 0) this.#wake();
      });
  }

  async #work(): Promise<void> {
    await Promise.resolve();
    if (!this.#isOpen) await this.#open();
    while (this.#hasWork() && !this.#closing.signal.aborted) {
      await this.#removeSome();
      if (await this.#embedSome()) this.#isWell();
    }
  }

  #isWell(): void {
    this.#failures = 0;
    this.#problem = undefined;
  }

  #hasWork(): boolean {
    return this.#backlog.size > 0 && !this.#isTooLong();
  }

  /** Half of the vectors would be of no use to a process that is about to end, and overwrite those of one that goes on. */
  #isTooLong(): boolean {
    return this.#backlog.pending * this.#msPerDocument > (this.#source.patienceMs ?? Number.POSITIVE_INFINITY);
  }

  async #open(): Promise<void> {
    const { embedder, store } = this.#source;
    await embedder.ready?.(this.#closing.signal);
    await store.open({ identity: embedder.identity, dimensions: embedder.dimensions });
    this.#backlog.restore(await store.hashes());
    this.#isOpen = true;
    this.#isWell();
  }

  async #removeSome(): Promise<void> {
    const ids = this.#backlog.removals();
    if (ids.length === 0) return;
    await this.#source.store.remove(ids);
    this.#backlog.removedNow(ids);
  }

  /** False where a document had to be given up. */
  async #embedSome(): Promise<boolean> {
    const batch = this.#backlog.next(this.#batch);
    if (batch.length === 0) return true;
    const { signal } = this.#closing;
    const startedAt = this.#clock.now();
    try {
      const documents = batch.map(({ document }) => document);
      const vectors = await this.#source.embedder.embedDocuments(documents, signal);
      const records = batch.map(({ document: { id, server }, hash }, i) => {
        return { id, server, hash, vector: vectors[i] ?? new Float32Array(0) };
      });
      await this.#source.store.upsert(records, signal);
      for (const entry of batch) this.#backlog.embeddedNow(entry);
      this.#batch = Math.min(BATCH, this.#batch * 4);
      this.#msPerDocument = (this.#clock.now() - startedAt) / batch.length;
      return true;
    } catch (error) {
      if (this.#batch === 1 && isDocumentsFault(error)) {
        this.#giveUp(batch, error);
        return false;
      }
      this.#batch = Math.ceil(this.#batch / 4);
      this.#backlog.postpone(batch);
      throw error;
    }
  }

  /** A model that takes no document at all must not be asked for each: who pays for the texts would pay for all of them, and for none. */
  #giveUp(batch: readonly PendingDocument[], error: IndexError): void {
    this.#problem = error.message;
    if (this.#backlog.giveUp(batch)) return;
    throw new IndexError('unreachable', error.message, { ...(error.hint ? { hint: error.hint } : {}), cause: error });
  }

  /** What was deleted from under us is made and filled again, in the background. */
  #noteLoss(error: unknown): void {
    if (!this.#isOpen || !(error instanceof IndexError) || error.fault !== 'gone') return;
    this.#isOpen = false;
    this.#backlog.lost();
    this.#wake();
  }

  #fail(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#noteLoss(error);
    const delay = isDocumentsFault(error) && this.#isOpen ? 0 : this.#retryDelay();
    this.#problem = describe(error);
    this.#failure = error instanceof IndexError ? error : undefined;
    this.#cancelRetry = this.#clock.after(delay, () => this.#begin());
  }

  #retryDelay(): number {
    return Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures++);
  }
}

/** The embedder answered, but not with vectors that can be kept. */
function isDocumentsFault(error: unknown): error is IndexError {
  return error instanceof IndexError && (error.fault === 'bad-answer' || error.fault === 'mismatch');
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error));
