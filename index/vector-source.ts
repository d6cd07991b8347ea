/** What a vector layer is made of: an embedder, a store for its vectors, and how both take part in a search. */
import type { Embedder } from './embedding/embedder.ts';
import type { VectorTuning } from './ranking/tuning.ts';
import type { VectorStore } from './store/vector-store.ts';

export interface VectorSource {
  /** As people know the model; without it they are told its identity. */
  readonly name?: string;
  readonly embedder: Embedder;
  readonly store: VectorStore;
  /** When its cosines deserve another say or mean something else than those of the static model. */
  readonly tuning?: VectorTuning;
  /** It improves on the source after it, in its own time: it begins after the first search, and until it is complete nothing is amiss. */
  readonly inBackground?: boolean;
  /** It costs far more than the last source, so it is asked only when the ranking with that one leaves doubts. */
  readonly whenInDoubt?: boolean;
  /** For a process that ends after one answer: a search waits so long for it, and it begins only what can be complete by then. */
  readonly patienceMs?: number;
}

/** One that is not worth what it costs among too many documents: it is there only while they are few enough. */
export interface BoundedSource {
  readonly name: string;
  readonly upTo: {
    /** The most that it is there for, asked anew at each change and search; none at all for 0. */
    readonly documents: () => number;
    /** Where that is set, for whoever wants more. */
    readonly setting: string;
  };
  /** Makes it anew each time that it comes in; whatever must load or connect waits until the layer begins. */
  readonly open: () => VectorSource;
}
