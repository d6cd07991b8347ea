/** The answer to one POST: plain JSON, or an event stream from the first thing on that is said before the result. */
import type { ServerResponse } from 'node:http';
import type { RpcError } from '../meta-tools/tool-offer.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { EVENT_STREAM_HEADERS, keepAlive, SILENCE_MS } from './keep-alive.ts';
import type { RelaySession } from './relay-session.ts';
import type { RelayStream } from './relay-stream.ts';

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
  let stream: RelayStream | undefined;
  const open = () => {
    if (stream || response.destroyed) return stream;
    stream = session.newStream();
    stream.connect(response, 0, { 'mcp-session-id': session.id });
    return stream;
  };
  const beat = setInterval(() => open()?.keepAlive(), SILENCE_MS).unref();
  return {
    get isResumable() {
      return stream !== undefined;
    },
    send(message) {
      open()?.send(message);
    },
    finish(message, status = 200) {
      clearInterval(beat);
      if (!stream) return sendJson(response, status, message);
      stream.send(message);
      stream.end();
    },
  };
}

/** Without one it ends with its connection. */
export function plainReply(response: ServerResponse): Reply {
  const write = (message: JsonObject) => {
    if (!response.headersSent) response.writeHead(200, EVENT_STREAM_HEADERS);
    response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  };
  const stopSigns = keepAlive(response, SILENCE_MS);
  return {
    isResumable: false,
    send(message) {
      if (!response.destroyed) write(message);
    },
    finish(message, status = 200) {
      stopSigns();
      if (response.destroyed) return;
      if (!response.headersSent) return sendJson(response, status, message);
      write(message);
      response.end();
    },
  };
}
