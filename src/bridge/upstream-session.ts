/** The port of one protocol connection to an upstream server, whatever its transport and era. */
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { ByteText } from '../stdx/json-cursor.ts';
import type { PassedParams } from './passed-params.ts';

export type Era = 'legacy' | 'modern';

export interface ServerFacts {
  readonly era: Era;
  readonly protocolVersion: string;
  /** What the server says of itself; never trusted for decisions. */
  readonly serverInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly instructions: string | undefined;
}

/** A client behind us that answers requests of servers: elicitation, sampling, roots. */
export interface AskableClient {
  /** What the server is told that we can do; only what the client itself declared. */
  readonly capabilities: JsonObject;
  /** Rejects when the client refuses or is gone; the server then gets a JSON-RPC error. */
  request(asked: AskedRequest, signal: AbortSignal): Promise<JsonObject>;
}

export interface AskedRequest {
  /** As the server named its question; unique on its connection only. */
  readonly id: string | number;
  readonly method: string;
  readonly params: JsonObject;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Ends the call with CALL_TIMEOUT when nothing, not even progress, came for so long. Milliseconds. */
  readonly timeoutMs?: number;
  /** The longest a call may take however much progress it reports. Milliseconds. */
  readonly maxTotalMs?: number;
  readonly onProgress?: (progress: JsonObject) => void;
  /**
   * What the caller itself declared to us in the `_meta` of a modern request, such as its capabilities: said to modern
   * servers instead of our own, and a result of `input_required` is then the caller's to deal with.
   */
  readonly envelope?: JsonObject;
  /** Header fields of this one request, on transports that have such. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A result as the server wrote it. */
export interface ByteResult {
  /** A JSON object, and no wish for input. */
  readonly result: ByteText;
  /** It says `isError: true`. */
  readonly isToolError: boolean;
  /** It says `resultType: "complete"`. */
  readonly hasType: boolean;
  /** Behind the brace with which its `_meta` begins; 0 for none. */
  readonly metaAt: number;
  /** Its `_meta` says who answers. */
  readonly hasServerInfo: boolean;
  /** Its structured content is no object, which only 2026-07-28 allows. */
  readonly isOddlyStructured: boolean;
}

/** Who waits for the answer to a message that travels as bytes; told once, by one of the three. */
export interface ByteListener {
  bytes(result: ByteResult): void;
  /** The result of an answer that had to be parsed. */
  value(result: JsonObject): void;
  failed(error: Error): void;
}

export interface PassOptions extends Pick<CallOptions, 'timeoutMs' | 'maxTotalMs' | 'onProgress' | 'envelope'> {
  readonly listener: ByteListener;
}

export interface UpstreamSession {
  readonly facts: ServerFacts;
  /** Settles when the connection is gone; the reason is what a caller should read. */
  readonly closed: Promise<Error>;
  /** Every page; stops with PROTOCOL_VIOLATION at a cursor that repeats. */
  listTools(options?: CallOptions): Promise<ToolDefinition[]>;
  /** The result as the server sent it, nothing validated away. A JSON-RPC error is thrown as UPSTREAM_ERROR with `data.rpc`. */
  request(method: string, params: JsonObject, options?: CallOptions): Promise<JsonObject>;
  /**
   * Like `request`, for parameters that nobody has to look into. Absent where messages have to be parsed. Gives how to
   * give up, for the reason that the listener is told.
   */
  readonly pass?: ((method: string, params: PassedParams, options: PassOptions) => (reason: Error) => void) | undefined;
  notify(method: string, params?: JsonObject): void;
  /** Server notifications other than progress and responses; those of changed lists in either era. */
  onNotification(listener: (method: string, params: JsonObject) => void): () => void;
  close(reason: string): Promise<void>;
}
