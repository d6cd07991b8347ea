/**
 * The door of the search engine: documents go in, ranked hits come out. `create-tool-index.ts` is the engine itself; what it
 * is made of, in the order in which it is best read:
 *
 * - `indexed-documents.ts`: who is there, in which slot, under which names, in which words.
 * - `question.ts`, `scope.ts`: what is asked, in which parts, and which tools may be seen.
 * - `vector-evidence.ts`: the nearest tools by meaning, asked of the best `vector-layer.ts` that can answer in time: an embedder
 *   (`embedding/embedder.ts` is the port) with a store of its vectors (`store/vector-store.ts` is the port). A costly one is
 *   there only among few enough tools (`bounded-layer.ts`).
 * - `lexical/lexical-evidence.ts`: what the words say, by BM25F in `lexical/lexical-index.ts`.
 * - `rank.ts`: both joined (`ranking/fusion.ts`), names before all (`ranking/named-tools.ts`), a seat for each need.
 * - `ranking/verdict.ts`: whether the best of them fits at all.
 *
 * `open-tool-index.ts` puts it together as it is shipped; `evaluation/run-eval.ts` measures it; `model` is where models and
 * fitted numbers come from. Why it is as it is: `docs/adr`, 0010 to 0022.
 */
import type { ToolDocument } from './tool-document.ts';

export interface SearchRequest {
  /** What somebody wants done, in their own words. */
  readonly task: string;
  /** Words that must weigh more; they never filter. */
  readonly keyWords?: readonly string[];
  /** Only these are searched: applied before any cut-off. Undefined means everything. */
  readonly allow?: (document: { readonly id: string; readonly server: string }) => boolean;
  /** Hits at most; any number will do. */
  readonly limit: number;
  /** After so many milliseconds the lexical ranking alone answers. */
  readonly deadlineMs?: number;
  /** Told what each stage took, before the answer comes; no part of that, so that equal questions have equal answers. */
  readonly onStages?: (stagesMs: StagesMs) => void;
}

/** `vectors`: waiting for the nearest ones of the task; `words`: collecting their evidence; `rank`: joining both and judging. */
export type StagesMs = Readonly<Record<'vectors' | 'words' | 'rank', number>>;

export interface SearchHit {
  readonly id: string;
  readonly server: string;
  /** Higher is better; comparable within one answer only. */
  readonly score: number;
  /** The evidence, for `explain` and tests. */
  readonly features: Readonly<Record<string, number>>;
}

export type Verdict = 'match' | 'weak' | 'none';

export interface SearchAnswer {
  readonly verdict: Verdict;
  /** How sure it is that the best hit fits, 0 to 1; the verdict is this against two thresholds, which are higher among more tools. */
  readonly confidence: number;
  readonly hits: readonly SearchHit[];
  /** Documents with any evidence at all, of `searched`. */
  readonly matched: number;
  readonly searched: number;
  readonly mode: 'hybrid' | 'lexical';
  /** Whose vectors took part; undefined when words had to do. */
  readonly model?: string;
  /** Why the mode is lexical although vectors were asked for. */
  readonly degraded?: string;
  /** How far a better model has come that will answer later; nothing is wrong. */
  readonly progress?: string;
  /** Why a better model is not asked among so many documents, and what sets that; nothing is wrong. */
  readonly spared?: string;
}

export interface UpsertReport {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
}

export interface ToolIndex {
  readonly size: number;
  /** Whether a model came back that needs the texts of what is there already: it joins in when all are upserted once more. */
  readonly lacksTexts: boolean;
  /** Adds or replaces by id; what has not changed (by hash) costs nothing. Searchable lexically when it resolves. */
  upsert(documents: readonly ToolDocument[]): Promise<UpsertReport>;
  /** Returns how many were there. */
  remove(ids: readonly string[]): Promise<number>;
  search(request: SearchRequest): Promise<SearchAnswer>;
  close(): Promise<void>;
}
