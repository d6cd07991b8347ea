/** Closing several things of which one may fail: none is left open for that. */

/** Ends one thing that was opened. */
export type Closing = () => Promise<void> | void;

/** One after another in this order; never rejects, but says of each failure. */
export async function closeEach(steps: Iterable<Closing>, onFailure: (error: unknown) => void): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      onFailure(error);
    }
  }
}
