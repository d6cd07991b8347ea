/** Builds the search engine from its parts. Start reading at `tool-index.ts`. */
import { DocumentTable } from './document-table.ts';
import { ExactNames } from './lexical/exact-names.ts';
import { LexicalIndex, type LexicalQuery } from './lexical/lexical-index.ts';
import { type Ranked, ScoreBoard } from './lexical/score-board.ts';
import { NO_STATISTICS, type WordStatistics } from './lexical/word-statistics.ts';
import { namedTools } from './ranking/named-tools.ts';
import { documentHash, type ToolDocument } from './tool-document.ts';
import type { SearchAnswer, SearchHit, SearchRequest, ToolIndex, UpsertReport, Verdict } from './tool-index.ts';

export interface ToolIndexOptions {
  /** Rarity of words outside this catalog; without it the catalog alone decides what is rare. */
  readonly statistics?: WordStatistics;
}

export function createToolIndex(options: ToolIndexOptions = {}): ToolIndex {
  return new LexicalToolIndex(options.statistics ?? NO_STATISTICS);
}

type Accept = (slot: number) => boolean;

class LexicalToolIndex implements ToolIndex {
  readonly #table = new DocumentTable();
  readonly #names = new ExactNames();
  readonly #board = new ScoreBoard();
  readonly #lexical: LexicalIndex;

  constructor(statistics: WordStatistics) {
    this.#lexical = new LexicalIndex(statistics);
  }

  get size(): number {
    return this.#table.size;
  }

  async upsert(documents: readonly ToolDocument[]): Promise<UpsertReport> {
    const report = { added: 0, changed: 0, unchanged: 0 };
    const latest = new Map(documents.map((document) => [document.id, { document, hash: documentHash(document) }]));
    const outdated: string[] = [];
    for (const [id, { hash }] of latest) {
      const slot = this.#table.slotOf(id);
      if (slot === undefined) report.added++;
      else if (this.#table.entry(slot)?.hash === hash) report.unchanged += Number(latest.delete(id));
      else outdated.push(id);
    }
    report.changed = outdated.length;
    this.#removeNow(outdated);
    for (const { document, hash } of latest.values()) this.#add(document, hash);
    return report;
  }

  async remove(ids: readonly string[]): Promise<number> {
    return this.#removeNow(ids);
  }

  async search(request: SearchRequest): Promise<SearchAnswer> {
    const { allow } = request;
    const accept: Accept = (slot) => {
      const entry = this.#table.entry(slot);
      return entry !== undefined && (allow === undefined || allow(entry));
    };
    const query = this.#lexical.query(request.task, request.keyWords);
    this.#board.reset(this.#table.slotLimit);
    this.#lexical.score(query, this.#board);
    const named = namedTools(request.task, this.#names);
    const hits = this.#hits(this.#candidates(named, accept), query, named);
    const searched = allow ? this.#count(allow) : this.size;
    const matched = this.#board.touched().reduce((sum, slot) => sum + Number(accept(slot)), 0);
    return { verdict: verdict(hits), hits: hits.slice(0, request.limit), matched, searched, mode: 'lexical' };
  }

  async close(): Promise<void> {}

  #add(document: ToolDocument, hash: string): void {
    const { id, server, name } = document;
    const slot = this.#table.add({ id, server, name, hash });
    this.#lexical.add(slot, document);
    this.#names.add(slot, name);
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
    this.#lexical.remove(slots);
    this.#table.recycle(this.#lexical.takeFreeSlots());
    return slots.size;
  }

  #candidates(named: ReadonlyMap<number, number>, accept: Accept): Ranked[] {
    const ranked = this.#board.top(120, accept);
    const seen = new Set(ranked.map(({ slot }) => slot));
    for (const slot of named.keys()) {
      if (!seen.has(slot) && accept(slot)) ranked.push({ slot, score: this.#board.score(slot) });
    }
    return ranked;
  }

  #hits(candidates: readonly Ranked[], query: LexicalQuery, named: ReadonlyMap<number, number>): SearchHit[] {
    const best = Math.max(...candidates.map(({ score }) => score), 1e-6);
    const hits = candidates.flatMap(({ slot, score }) => {
      const entry = this.#table.entry(slot);
      if (!entry) return [];
      const features = { bm25: score, covered: score / (query.mass + 1e-6), named: named.get(slot) ?? 0 };
      return [{ id: entry.id, server: entry.server, score: score / best + features.named, features }];
    });
    return hits.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  }

  #count(allow: NonNullable<SearchRequest['allow']>): number {
    let count = 0;
    for (const [, entry] of this.#table.entries()) if (allow(entry)) count++;
    return count;
  }
}

/** Until it is calibrated on data: how much of what the words could weigh the best tool carries. */
function verdict(hits: readonly SearchHit[]): Verdict {
  const best = hits[0]?.features;
  if (!best) return 'none';
  if (best.named || (best.covered ?? 0) > 0.6) return 'match';
  return (best.covered ?? 0) > 0.25 ? 'weak' : 'none';
}
