/** The answer to one POST: plain JSON, or an event stream from the first thing on that is said before the result. */
import type { ServerResponse } from 'node:http';
import type { RpcError } from '../meta-tools/tool-offer.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { EVENT_STREAM_HEADERS, keepAlive, SILENCE_MS } from './keep-alive.ts';
import type { RelaySession } from './relay-session.ts';
import type { RelayStream } from './relay-stream.ts';
import { writeUnlessUnread } from './unread.ts';

export interface Reply {
  /** Before the result. */
  send(message: JsonObject): void;
  /** The last message; `status` where it is still possible to say one. */
  finish(message: JsonObject, status?: number): void;
  /** True once the caller can resume, so that its going away is no reason to stop. */
  readonly isResumable: boolean;
}

export function resultMessage(id: Json, result: JsonObject): JsonObject {
  return { jsonrpc: '2.0', id, result };
}

export function errorMessage(id: Json, error: RpcError): JsonObject {
  return { jsonrpc: '2.0', id, error: error as unknown as Json };
}

export function sendJson(response: ServerResponse, status: number, message: JsonObject): void {
  const body = Buffer.from(JSON.stringify(message));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

/** With a session the stream can be resumed. */
export function sessionReply(response: ServerResponse, session: RelaySession): Reply {
  return new SessionReply(response, session);
}

/** Without one it ends with its connection. */
export function plainReply(response: ServerResponse): Reply {
  return new PlainReply(response);
}

/** A class, because each object literal with a getter costs a hidden class, which lives until the next full collection. */
class SessionReply implements Reply {
  readonly #response: ServerResponse;
  readonly #session: RelaySession;
  readonly #beat = setInterval(() => this.#open()?.keepAlive(), SILENCE_MS).unref();
  #stream: RelayStream | undefined;

  constructor(response: ServerResponse, session: RelaySession) {
    this.#response = response;
    this.#session = session;
  }

  get isResumable(): boolean {
    return this.#stream !== undefined;
  }

  send(message: JsonObject): void {
    this.#open()?.send(message);
  }

  finish(message: JsonObject, status = 200): void {
    clearInterval(this.#beat);
    if (this.#stream) {
      this.#stream.send(message);
      this.#stream.end();
    } else sendJson(this.#response, status, message);
  }

  #open(): RelayStream | undefined {
    if (this.#stream || this.#response.destroyed) return this.#stream;
    this.#stream = this.#session.newStream();
    this.#stream.connect(this.#response, 0, { 'mcp-session-id': this.#session.id });
    return this.#stream;
  }
}

class PlainReply implements Reply {
  readonly isResumable = false;
  readonly #response: ServerResponse;
  readonly #stopSigns: () => void;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#stopSigns = keepAlive(response, SILENCE_MS);
  }

  send(message: JsonObject): void {
    if (!this.#response.destroyed) this.#write(message);
  }

  finish(message: JsonObject, status = 200): void {
    this.#stopSigns();
    if (this.#response.destroyed) return;
    if (this.#response.headersSent) {
      this.#write(message);
      this.#response.end();
    } else sendJson(this.#response, status, message);
  }

  #write(message: JsonObject): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, EVENT_STREAM_HEADERS);
    writeUnlessUnread(this.#response, `event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }
}
