/**
 * Sees to it that every part of a long request has its best tool among the first few hits: an answer should cover each aspect
 * of what was asked (Santos, Macdonald and Ounis 2010, "Exploiting query reformulations for web search result diversification").
 */
import { BestFew, type IsBefore, type Ranked } from '../best-few.ts';

/** The first hits stay as they are, so that a long request with one need loses nothing at the top. */
const SEATS_FROM = 3;
/** Places after those that are given to the best tools of the parts. */
const SEATS = 2;

export interface PartEvidence {
  readonly words: readonly Ranked[];
  /** Slot to cosine; empty without vectors. */
  readonly cosines: ReadonlyMap<number, number>;
}

export interface Choice {
  /** The vectors' part of the score. */
  readonly share: number;
  /** Whether a slot with a cosine may win. */
  readonly accept: (slot: number) => boolean;
  /** Decides between equal scores. */
  readonly isBefore: IsBefore;
}

/** The winners of the parts, best first, each once. */
export function partWinners(parts: readonly PartEvidence[], choice: Choice): number[] {
  const winners = parts
    .flatMap((part) => winnerOf(part, choice) ?? [])
    .sort((a, b) => b.score - a.score || (choice.isBefore(a.slot, b.slot) ? -1 : 1));
  return [...new Set(winners.map(({ slot }) => slot))];
}

/** Moves winners that stand too low into the seats; everything else keeps its order. */
export function seatWinners(ranked: readonly Ranked[], winners: readonly number[]): Ranked[] {
  const top = ranked.slice(0, SEATS_FROM);
  const late = winners.filter((slot) => !top.some((hit) => hit.slot === slot)).slice(0, SEATS);
  const seated = late.flatMap((slot) => ranked.find((hit) => hit.slot === slot) ?? []);
  const rest = ranked.slice(SEATS_FROM).filter((hit) => !seated.includes(hit));
  return [...top, ...seated, ...rest];
}

function winnerOf({ words, cosines }: PartEvidence, { share, accept, isBefore }: Choice): Ranked | undefined {
  const best = new BestFew(1, isBefore);
  const offer = (slot: number, byWords: number, cosine: number) => {
    const score = (1 - share) * byWords + share * cosine;
    if (best.wants(slot, score) && accept(slot)) best.put(slot, score);
  };
  for (const { slot, score } of words) offer(slot, score, cosines.get(slot) ?? 0);
  // Whom the words have offered already only loses to itself here.
  for (const [slot, cosine] of cosines) offer(slot, 0, cosine);
  return best.sorted()[0];
}
