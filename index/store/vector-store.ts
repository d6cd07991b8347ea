/** The port of every vector store: ids with unit vectors in, nearest ids out, all of one model. */

export interface VectorRecord {
  readonly id: string;
  readonly server: string;
  /** Hash of the document that the vector was made from. */
  readonly hash: string;
  readonly vector: Float32Array;
}

export interface VectorHit {
  readonly id: string;
  /** Cosine similarity, -1 to 1. */
  readonly similarity: number;
}

export interface NearestRequest {
  readonly vector: Float32Array;
  readonly limit: number;
  /** Only these servers; undefined means all. */
  readonly servers?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** A store holds the vectors of exactly one model identity; another identity is another collection. */
export interface VectorStore {
  /** `nearest` answers before anything else gets a turn on the event loop, so that no deadline could end it. */
  readonly isImmediate?: boolean;
  /** Others can delete it while it is open: its methods then reject with `gone` until it is opened again. */
  readonly mayVanish?: boolean;
  /** Opens or makes the collection of this model. */
  open(model: { readonly identity: string; readonly dimensions: number }): Promise<void>;
  /** Id to document hash of everything stored, so that only what changed is embedded again. */
  hashes(): Promise<ReadonlyMap<string, string>>;
  upsert(records: readonly VectorRecord[], signal?: AbortSignal): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  nearest(request: NearestRequest): Promise<VectorHit[]>;
  close(): Promise<void>;
}

/** Where an index keeps bytes from start to start; the owner of the database implements it, and may throw when its disk does. */
export interface BlobStorage {
  read(key: string): Uint8Array | undefined;
  write(key: string, bytes: Uint8Array): void;
  delete(key: string): void;
}
