/** An engine that is opened by its first use: models and dictionaries cost memory and time that not every run needs. */
import type { ToolDocument } from './tool-document.ts';
import type { SearchAnswer, SearchRequest, ToolIndex, UpsertReport } from './tool-index.ts';

export function lazyToolIndex(open: () => Promise<ToolIndex>): ToolIndex {
  return new LazyToolIndex(open);
}

class LazyToolIndex implements ToolIndex {
  readonly #open: () => Promise<ToolIndex>;
  #opening: Promise<ToolIndex> | undefined;
  #opened: ToolIndex | undefined;

  constructor(open: () => Promise<ToolIndex>) {
    this.#open = open;
  }

  get size(): number {
    return this.#opened?.size ?? 0;
  }

  async upsert(documents: readonly ToolDocument[]): Promise<UpsertReport> {
    return (await this.#index()).upsert(documents);
  }

  async remove(ids: readonly string[]): Promise<number> {
    return (await this.#index()).remove(ids);
  }

  async search(request: SearchRequest): Promise<SearchAnswer> {
    return (await this.#index()).search(request);
  }

  async close(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.close();
  }

  async #index(): Promise<ToolIndex> {
    this.#opening ??= this.#open();
    this.#opened = await this.#opening;
    return this.#opened;
  }
}
