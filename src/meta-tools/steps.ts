/** Work on a schema that a stranger wrote, counted instead of timed: everybody waits for it, so it must end. */

/** What is left of it: a step is the look at one schema, a few microseconds. */
export interface Steps {
  left: number;
}

const ENTRIES_A_STEP = 16;
const CHARACTERS_A_STEP = 128;

/** Counts going over a list, the names of an object, or a text once; false where that was more than was left. */
export function take(steps: Steps, value: unknown): boolean {
  steps.left -= lengthInSteps(value);
  return steps.left > 0;
}

function lengthInSteps(value: unknown): number {
  if (typeof value === 'string') return value.length / CHARACTERS_A_STEP;
  if (typeof value !== 'object' || value === null) return 0;
  return (Array.isArray(value) ? value : Object.keys(value)).length / ENTRIES_A_STEP;
}
