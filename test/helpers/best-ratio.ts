/** How long one thing takes beside another, on a machine that does other things as well. */

const ROUNDS_MIN = 7;
const ROUNDS_MAX = 100;

/**
 * By the best of rounds in which both have their turn: what else goes on makes times longer, never shorter. Ends once it is
 * below `limit`, so that only what is really slow takes all rounds.
 */
export async function bestRatio(work: () => unknown, beside: () => unknown, limit: number): Promise<number> {
  const best = { work: Number.POSITIVE_INFINITY, beside: Number.POSITIVE_INFINITY };
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    best.beside = Math.min(best.beside, await msOf(beside));
    best.work = Math.min(best.work, await msOf(work));
    if (round >= ROUNDS_MIN && best.work < limit * best.beside) break;
  }
  return best.work / best.beside;
}

async function msOf(work: () => unknown): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}
