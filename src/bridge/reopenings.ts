/** When event streams are opened again: the SDK waits as long as the server says, be it no time at all, or long after the end. */

/** Without a pause, a server that ends its streams at once would be asked a thousand times a second. */
const PAUSE_MS_MIN = 100;
/** A timer of the platform that is to wait longer than 24 days does not wait at all. */
const PAUSE_MS_MAX = 60 * 60_000;

/** Of one connection. What waits keeps the process alive, as a call may wait for it; nothing does after `close`. */
export class Reopenings {
  readonly #timers = new Set<NodeJS.Timeout>();
  #isClosed = false;

  /** For the SDK: calls `reopen` after a pause; the returned function takes it back. */
  readonly schedule = (reopen: () => void, pauseMs: number): (() => void) => {
    if (this.#isClosed) return () => {};
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        reopen();
      },
      Math.min(Math.max(pauseMs, PAUSE_MS_MIN), PAUSE_MS_MAX),
    );
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
  };

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
