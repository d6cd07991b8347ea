/** What the gateway and the threads in which the encoder runs share: its sizes, and where in memory everything lies. */

/** Where a tensor lies in the file; `scales` of int8 rows, one float32 each. */
export interface TensorPlace {
  readonly offset: number;
  readonly scales: number;
  readonly shape: readonly number[];
}

/** The sizes of a BERT encoder, and its tensors by name; all of them are there and have the shapes that the sizes ask for. */
export interface EncoderPlan {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly ffn: number;
  readonly epsilon: number;
  /** Longest text in tokens. */
  readonly positions: number;
  readonly dimensions: number;
  readonly tensors: Readonly<Record<string, TensorPlace>>;
}

/** Addresses in the encoder's memory; `weights` in the order in which the kernel reads them. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly scales: number;
  readonly bias: number;
}

export interface Norm {
  readonly weight: number;
  readonly bias: number;
}

export interface Layer {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly attentionOutput: Linear;
  readonly attentionNorm: Norm;
  readonly ffnIn: Linear;
  readonly ffnOut: Linear;
  readonly outputNorm: Norm;
}

/** Where the weights are. */
export interface EncoderLayout {
  readonly words: { readonly rows: number; readonly scales: number; readonly count: number };
  readonly positions: number;
  readonly embeddingNorm: Norm;
  readonly layers: readonly Layer[];
  readonly projection: Linear | undefined;
}

/** Where the numbers of one text go while it is worked on. */
export type Room = Readonly<
  Record<'x' | 'query' | 'key' | 'value' | 'context' | 'wide' | 'rounded' | 'scales' | 'weights', number>
>;

/** What a thread is started with. The memory is shared: the weights are there once, whoever reads them. */
export interface EncoderSetup {
  /** `encoder.wat`, assembled. */
  readonly assembly: Uint8Array;
  readonly plan: Omit<EncoderPlan, 'tensors'>;
  readonly memory: WebAssembly.Memory;
  readonly layout: EncoderLayout;
  /** Of this thread alone. */
  readonly room: Room;
  /** How far it stands back for others, 0 to 19. */
  readonly nice: number;
}

/** Tokens of one text, at least one and at most `positions`, each below the size of the vocabulary. */
export interface EncoderRequest {
  readonly tokens: Int32Array;
}

/** The vector, not of unit length, of the request that came before; a request is sent when the last one is answered. */
export interface EncoderReply {
  readonly vector: Float32Array;
}
