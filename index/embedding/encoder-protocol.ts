/** What the gateway and the thread in which the encoder runs say to each other. */

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

/** What the thread is started with. */
export interface EncoderSetup {
  /** `encoder.wat`, assembled. */
  readonly assembly: Uint8Array;
  readonly plan: EncoderPlan;
  /** The whole model file. */
  readonly bytes: ArrayBuffer;
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
