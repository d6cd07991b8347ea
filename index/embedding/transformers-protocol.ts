/** What the gateway and the process in which transformers.js runs say to each other. */
import type { Pooling } from './known-models.ts';

export interface LoadRequest {
  readonly type: 'load';
  /** File of the library's CommonJS build. */
  readonly library: string;
  /** Absolute folder, or id on the hub. */
  readonly model: string;
  readonly isFolder: boolean;
  readonly revision: string;
  readonly dtype: string;
  readonly pooling: Pooling;
  readonly maxTokens: number;
  /** Where downloads are kept and looked for. */
  readonly cacheDir: string;
  readonly offline: boolean;
  /** Address of the hub when it is not the public one. */
  readonly hub: string | undefined;
  readonly threads: number;
}

export interface EmbedRequest {
  readonly type: 'embed';
  readonly id: number;
  /** Embedded together. */
  readonly texts: readonly string[];
}

export type Request = LoadRequest | EmbedRequest;

export type Reply =
  | { readonly type: 'progress'; readonly file: string; readonly loaded: number; readonly total: number }
  /** `hash` covers weights and tokenizer. */
  | { readonly type: 'ready'; readonly dimensions: number; readonly hash: string }
  | { readonly type: 'failed'; readonly message: string }
  /** All vectors in one array, unit length not promised. */
  | { readonly type: 'vectors'; readonly id: number; readonly values: Float32Array }
  | { readonly type: 'refused'; readonly id: number; readonly message: string };
