/** The port of every embedding model: texts in, unit vectors out. */
import type { ToolDocument } from '../tool-document.ts';

export interface Embedder {
  /** Names the model so exactly that two embedders with the same identity give interchangeable vectors. */
  readonly identity: string;
  /** Length of every vector. */
  readonly dimensions: number;
  /** Requests are embedded before anything else gets a turn on the event loop, so that no deadline could end that. */
  readonly isImmediate?: boolean;
  /** Resolves when identity and dimensions are final; absent where they are from the start. May be asked again after it failed. */
  ready?(signal?: AbortSignal): Promise<void>;
  /** One unit vector a text; an agent's wording, not a document. Rejects with the signal's reason when aborted. */
  embedTasks(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** One unit vector a document; the embedder batches by itself. */
  embedDocuments(documents: readonly ToolDocument[], signal?: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}
