/** The port between the JSON-RPC peer and a transport: whole messages out, whole messages in, one end. */
import type { GatewayError } from '../errors.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { ByteText } from '../stdx/json-cursor.ts';

/** What comes in may be so long and no longer, one message at a time. */
export const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

export interface SendOptions {
  /** Ends the request's own stream, on transports that have one; the transport does so too. */
  readonly stream?: AbortController;
  /** The request's own stream ended; if no response came, none will. */
  readonly onStreamEnd?: () => void;
  /** Header fields of the message, on transports that have such. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Wire {
  /** True if each request has a stream of its own, which `SendOptions` then control. */
  readonly hasStreamPerRequest: boolean;
  /** True if ending that stream is how a request is cancelled; otherwise a notification says so. */
  readonly cancelsByStream: boolean;
  /** Throws, or rejects, when the message cannot be taken; the connection itself may still be fine. */
  send(message: JsonObject, options?: SendOptions): void | Promise<void>;
  /** The same for one that is written already, where that is enough; `id` of a request. Throws only. */
  readonly sendLine?: ((message: ByteText, id?: number) => void) | undefined;
  /** Ends the stream of a request that was sent as a line. */
  dropLine?(id: number): void;
  /** Tells the transport what was agreed on, for those that repeat it on each message. */
  useVersion(protocolVersion: string): void;
  close(reason: string): Promise<void>;
}

export interface WireEvents {
  /** One parsed JSON value; false if it is no message. */
  message(value: unknown): boolean;
  /** One line that came in; false if it is to be parsed and given to `message`. */
  line(line: Buffer): boolean;
  /** A request that was sent as a line will get no answer. */
  failed(id: number, error: Error): void;
  /** The same when all that is known is that the answer ended without one. */
  streamEnded(id: number): void;
  /** Something that is no message at all. */
  noise(bytes: number): void;
  /** The other side is gone, though some of its last messages may still be on their way: it takes no new requests. */
  ending(reason: GatewayError): void;
  /** Before the end: these requests cannot have been read, so nothing was done for them. */
  unread(ids: readonly number[], reason: Error): void;
  /** Once, after the last message. */
  ended(reason: GatewayError): void;
}
