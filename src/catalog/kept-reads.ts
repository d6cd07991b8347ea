/** What calls ask the catalog for again and again, kept for as long as nobody writes. */
import type { ServerListing, StoredTool } from './catalog.ts';

/** Tools that are kept at hand; their definitions have some kilobytes each. */
const KEPT_MAX = 500;

export class KeptReads {
  readonly listings = new Map<string, ServerListing>();
  readonly tools = new Map<string, StoredTool>();
  readonly #generation: () => number;
  #readAt = 0;
  #lookedAtMs = Number.NaN;
  #version = 0;

  /** `generation` is another number when somebody else has written. */
  constructor(generation: () => number) {
    this.#generation = generation;
  }

  /** Another number after every write, whoever wrote. */
  get version(): number {
    this.#look();
    return this.#version;
  }

  once<Value>(kept: Map<string, Value>, key: string, read: () => Value | undefined): Value | undefined {
    this.#look();
    const known = kept.get(key);
    if (known !== undefined) return known;
    const value = read();
    if (value === undefined) return undefined;
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(key, value);
    return value;
  }

  /** To be called with every write of our own. */
  forget(): void {
    this.#version++;
    this.listings.clear();
    this.tools.clear();
  }

  /** Once in a millisecond: whoever else writes needs longer until he can say so to anybody. */
  #look(): void {
    const nowMs = Math.floor(performance.now());
    if (nowMs === this.#lookedAtMs) return;
    this.#lookedAtMs = nowMs;
    const generation = this.#ask();
    if (generation !== this.#readAt) this.forget();
    this.#readAt = generation;
  }

  /** What is kept is good for calls while the file cannot be read. */
  #ask(): number {
    try {
      return this.#generation();
    } catch {
      return this.#readAt;
    }
  }
}
