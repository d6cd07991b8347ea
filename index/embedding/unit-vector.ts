/** The last check of every vector that comes from outside: right length, all numbers, length one. */
import { IndexError } from '../index-error.ts';

/** The vector scaled to length one, as a copy. `source` names who made it; rejects what a store must never see. */
export function unitVector(values: ArrayLike<number>, expected: { dimensions: number; source: string }): Float32Array {
  const { dimensions, source } = expected;
  if (values.length !== dimensions) {
    throw new IndexError('mismatch', `${source} gave a vector of ${values.length} numbers instead of ${dimensions}`);
  }
  let squares = 0;
  for (let i = 0; i < dimensions; i++) squares += (values[i] ?? Number.NaN) ** 2;
  const length = Math.sqrt(squares);
  if (!Number.isFinite(length)) throw new IndexError('bad-answer', `${source} gave a vector that is not all numbers`);
  if (length < 1e-12) throw new IndexError('bad-answer', `${source} gave a vector of zeros, which has no direction`);
  const unit = new Float32Array(dimensions);
  for (let i = 0; i < dimensions; i++) unit[i] = (values[i] ?? 0) / length;
  return unit;
}
