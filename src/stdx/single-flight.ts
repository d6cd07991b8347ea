/** One run for however many callers ask for the same key at the same time. */
export class SingleFlight<Key, Value> {
  readonly #running = new Map<Key, Promise<Value>>();

  /** Joins the run under way for `key`, or begins one. A failure is shared too and not remembered. */
  run(key: Key, work: () => Promise<Value>): Promise<Value> {
    const running = this.#running.get(key);
    if (running) return running;
    const started = (async () => work())().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  has(key: Key): boolean {
    return this.#running.has(key);
  }
}
