/** Stands for an embedder that must load, download or reach a server first, so that an index can begin without it. */
import { IndexError } from '../index-error.ts';
import { withSignals } from '../with-deadline.ts';
import type { Embedder } from './embedder.ts';

/**
 * Nothing begins before `ready` is asked for; a `create` that fails is tried again when `ready` is asked again.
 * Until then `name` stands for the identity.
 */
export function deferEmbedder(name: string, create: (signal: AbortSignal) => Promise<Embedder>): Embedder {
  return new DeferredEmbedder(name, create);
}

class DeferredEmbedder implements Embedder {
  readonly #name: string;
  readonly #create: (signal: AbortSignal) => Promise<Embedder>;
  readonly #closing = new AbortController();
  #creating: Promise<Embedder> | undefined;
  #embedder: Embedder | undefined;

  constructor(name: string, create: (signal: AbortSignal) => Promise<Embedder>) {
    this.#name = name;
    this.#create = create;
  }

  get identity(): string {
    return this.#embedder?.identity ?? this.#name;
  }

  get dimensions(): number {
    return this.#embedder?.dimensions ?? 0;
  }

  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#embedder) return;
    await withSignals(() => this.#begin(), [signal, this.#closing.signal]);
  }

  async embedTasks(...args: Parameters<Embedder['embedTasks']>): Promise<Float32Array[]> {
    return this.#loaded().embedTasks(...args);
  }

  async embedDocuments(...args: Parameters<Embedder['embedDocuments']>): Promise<Float32Array[]> {
    return this.#loaded().embedDocuments(...args);
  }

  /** What is created while it closes is closed too. */
  async close(): Promise<void> {
    this.#closing.abort(new IndexError('closed', 'The embedder has been closed'));
    const late = await this.#creating?.catch(() => undefined);
    await (this.#embedder ?? late)?.close();
  }

  async #begin(): Promise<void> {
    this.#creating ??= this.#create(this.#closing.signal).finally(() => {
      this.#creating = undefined;
    });
    this.#embedder = await this.#creating;
  }

  #loaded(): Embedder {
    if (!this.#embedder) throw new IndexError('unreachable', `${this.#name} is not ready yet`);
    return this.#embedder;
  }
}
