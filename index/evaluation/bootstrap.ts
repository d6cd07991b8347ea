/** Whether one configuration is better than another, or only luckier on these requests. */

export interface Difference {
  /** Mean of `other` minus mean of `base`. */
  readonly mean: number;
  /** 95 % interval of the mean. */
  readonly low: number;
  readonly high: number;
}

const ROUNDS = 2_000;

/** Paired bootstrap over requests (Efron 1979; for ranking: Sakai 2006). Deterministic; the lists must be of equal length. */
export function pairedBootstrap(base: readonly number[], other: readonly number[]): Difference {
  const differences = base.map((value, i) => (other[i] ?? 0) - value);
  const count = differences.length;
  if (count === 0) return { mean: 0, low: 0, high: 0 };
  const random = seeded(count);
  const means = Array.from({ length: ROUNDS }, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += differences[Math.floor(random() * count)] ?? 0;
    return sum / count;
  }).sort((a, b) => a - b);
  const at = (share: number) => means[Math.min(ROUNDS - 1, Math.floor(share * ROUNDS))] ?? 0;
  return { mean: differences.reduce((sum, x) => sum + x, 0) / count, low: at(0.025), high: at(0.975) };
}

/** Random numbers from 0 to 1 that are the same every time (mulberry32 by Tommy Ettinger, public domain). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
