/** An engine that is opened by its first use: models and dictionaries cost memory and time that not every run needs. */
import type { ToolDocument } from './tool-document.ts';
import type { SearchAnswer, SearchRequest, StagesMs, ToolIndex, UpsertReport } from './tool-index.ts';

/** What a search took, and its stages. */
export interface SearchTimes {
  readonly durationMs: number;
  readonly stagesMs: StagesMs | undefined;
}

/** Told of each search that was answered. */
export type NoteSearch = (answer: SearchAnswer, times: SearchTimes) => void;

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

  get lacksTexts(): boolean {
    return this.#opened?.lacksTexts ?? false;
  }

  async upsert(documents: readonly ToolDocument[]): Promise<UpsertReport> {
    return (await this.#index()).upsert(documents);
  }

  async remove(ids: readonly string[]): Promise<number> {
    return (await this.#index()).remove(ids);
  }

  async search(request: SearchRequest): Promise<SearchAnswer> {
    const begunMs = performance.now();
    let stagesMs: StagesMs | undefined;
    const onStages = (told: StagesMs) => {
      stagesMs = told;
      request.onStages?.(told);
    };
    const answer = await (await this.#index()).search({ ...request, onStages });
    this.#noteSearch?.(answer, { durationMs: performance.now() - begunMs, stagesMs });
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
