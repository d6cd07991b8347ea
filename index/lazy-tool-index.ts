/** An engine that is opened by its first use: models and dictionaries cost memory and time that not every run needs. */
import type { ToolDocument } from './tool-document.ts';
import type { SearchAnswer, SearchRequest, ToolIndex, UpsertReport } from './tool-index.ts';

/** Told of each search that was answered, and how many milliseconds it took. */
export type NoteSearch = (answer: SearchAnswer, durationMs: number) => void;

export function lazyToolIndex(open: () => Promise<ToolIndex>, noteSearch?: NoteSearch): ToolIndex {
  return new LazyToolIndex(open, noteSearch);
}

class LazyToolIndex implements ToolIndex {
  readonly #open: () => Promise<ToolIndex>;
  readonly #noteSearch: NoteSearch | undefined;
  #opening: Promise<ToolIndex> | undefined;
  #opened: ToolIndex | undefined;

  constructor(open: () => Promise<ToolIndex>, noteSearch: NoteSearch | undefined) {
    this.#open = open;
    this.#noteSearch = noteSearch;
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
    const begunMs = performance.now();
    const answer = await (await this.#index()).search(request);
    this.#noteSearch?.(answer, performance.now() - begunMs);
    return answer;
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
