/** From evidence to hits: who is considered, what each one scores, and the order in the end. */
import { BestFew } from './best-few.ts';
import type { DocumentTable } from './document-table.ts';
import type { LexicalEvidence } from './lexical/lexical-evidence.ts';
import { type PartEvidence, partWinners, seatWinners } from './ranking/diversity.ts';
import { type Evidence, fuse, vectorShare } from './ranking/fusion.ts';
import { type Names, namedTools } from './ranking/named-tools.ts';
import type { Similarities } from './similarities.ts';
import type { SearchHit } from './tool-index.ts';

export interface RankingTask {
  readonly text: string;
  /** The request is foreign, and some of its words could be translated. */
  readonly isTranslated: boolean;
  readonly limit: number;
  /** Whether a slot holds a document that may be seen. */
  readonly accept: (slot: number) => boolean;
  readonly table: DocumentTable;
  readonly names: Names;
  readonly words: LexicalEvidence;
  /** Undefined when words must do. */
  readonly similarities?: Similarities;
  /** Usual share of the vectors in the score. */
  readonly share: number;
}

export type RankedHit = SearchHit & { readonly features: Evidence };

/** At most `limit` hits, best first; equal scores by id, so that the order never depends on what came first. */
export function rank(task: RankingTask): RankedHit[] {
  const { text, isTranslated, limit, table, similarities } = task;
  const named = namedTools(text, task.names, (slot) => table.entry(slot));
  const share = similarities ? vectorShare(text, task.share, isTranslated) : 0;
  const best = new BestFew(limit, table.isBefore);
  for (const slot of candidates(task, named)) {
    const score = fuse(evidenceOf(task, slot, named), share);
    if (best.wants(slot, score)) best.put(slot, score);
  }
  const seated = seatWinners(
    best.sorted(),
    partWinners(partEvidence(task), { share, accept: task.accept, isBefore: table.isBefore }),
  );
  return seated.flatMap(({ slot, score }) => {
    const entry = table.entry(slot);
    return entry ? [{ id: entry.id, server: entry.server, score, features: evidenceOf(task, slot, named) }] : [];
  });
}

type Named = ReadonlyMap<number, number>;

function candidates({ words, similarities, accept }: RankingTask, named: Named): Set<number> {
  const slots = new Set<number>();
  for (const { slot } of words.candidates()) slots.add(slot);
  for (const slot of named.keys()) if (accept(slot)) slots.add(slot);
  for (const slot of similarities?.slots() ?? []) if (accept(slot)) slots.add(slot);
  return slots;
}

function evidenceOf({ words, similarities }: RankingTask, slot: number, named: Named): Evidence {
  return {
    bm25: words.bm25(slot),
    relative: words.relative(slot),
    covered: words.covered(slot),
    bestPart: words.bestPart(slot),
    cosine: similarities?.cosine(slot) ?? 0,
    bestPartCosine: similarities?.bestPart(slot) ?? 0,
    named: named.get(slot) ?? 0,
  };
}

function partEvidence({ words, similarities }: RankingTask): PartEvidence[] {
  return words.partBests().map((best, at) => ({ words: best, cosines: similarities?.parts[at] ?? new Map() }));
}
