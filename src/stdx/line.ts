/** Those who wait to be let in, in the order in which they came; whoever gives up leaves the line. */

export interface Waiter<Who> {
  readonly who: Who;
  /** To be called once. */
  readonly admit: () => void;
}

export class Line<Who> {
  readonly #waiting = new Set<Waiter<Who>>();

  get length(): number {
    return this.#waiting.size;
  }

  /** Settles when it is let in, or rejects with the signal's reason: never is anybody let in who has left. */
  wait(who: Who, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
      };
      const admit = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const waiter: Waiter<Who> = { who, admit };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Takes the first out of the line, or who is before all others by `isBefore`; undefined when nobody waits. */
  next(isBefore?: (one: Who, other: Who) => boolean): Waiter<Who> | undefined {
    let next: Waiter<Who> | undefined;
    for (const waiter of this.#waiting) {
      if (!next || isBefore?.(waiter.who, next.who)) next = waiter;
      if (!isBefore) break;
    }
    if (next) this.#waiting.delete(next);
    return next;
  }
}
