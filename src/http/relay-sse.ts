/** HTTP+SSE of 2024-11-05: one long GET that carries everything to the client, and POSTs that carry everything from it. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isInitialize, isRequestId } from '../meta-tools/legacy-opening.ts';
import { toRpcError } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { EVENT_STREAM_HEADERS, keepAlive, SILENCE_MS } from './keep-alive.ts';
import { answerRequest, initializeResult, type LegacyRequest, type RelayParts } from './relay-legacy.ts';
import { told } from './relay-notified.ts';
import { errorMessage, type Reply, resultMessage } from './relay-reply.ts';
import type { RelaySession } from './relay-session.ts';
import { writeUnlessUnread } from './unread.ts';

/** Connections beyond it are refused: each is a socket that only its client ends. */
const CONNECTIONS_MAX = 1_000;

interface Connection {
  readonly principal: Principal;
  readonly response: ServerResponse;
  readonly gone: AbortController;
  /** From `initialize` on. */
  session: RelaySession | undefined;
  /** Ends it; whoever asked for parts then would be told that a removed server is none. */
  leave: () => void;
}

export interface SseExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: Principal;
}

export class SseDoor {
  readonly #connections = new Map<string, Connection>();
  readonly #parts: (principal: Principal) => RelayParts;

  constructor(parts: (principal: Principal) => RelayParts) {
    this.#parts = parts;
  }

  /** The stream; false when there are too many. */
  connect({ request, response, principal }: SseExchange): boolean {
    if (this.#connections.size >= CONNECTIONS_MAX) return false;
    const id = randomUUID();
    const connection: Connection = {
      principal,
      response,
      gone: new AbortController(),
      session: undefined,
      leave: () => {},
    };
    this.#connections.set(id, connection);
    response.writeHead(200, EVENT_STREAM_HEADERS);
    const path = (request.url ?? '').replace(/\/sse(\?.*)?$/, '/messages');
    response.write(`event: endpoint\ndata: ${path}?session=${id}\n\n`);
    const stopSigns = keepAlive(response, SILENCE_MS);
    response.once('close', () => {
      stopSigns();
      this.#end(id, connection);
    });
    return true;
  }

  /** One message of the client; false when it belongs to no stream of this principal. Its answer comes on the stream. Throws what `parts` throws. */
  message({ request, principal }: SseExchange, message: JsonObject): boolean {
    const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('session') ?? '';
    const connection = this.#connections.get(id);
    if (connection?.principal.id !== principal.id) return false;
    void this.#serve(this.#parts(principal), connection, message);
    return true;
  }

  close(): void {
    for (const { response } of this.#connections.values()) response.end();
  }

  async #serve(parts: RelayParts, connection: Connection, message: JsonObject): Promise<void> {
    const { principal, session, gone } = connection;
    const { id, method } = message;
    const params = isObject(message.params) ? (message.params as JsonObject) : {};
    if (typeof method !== 'string' || id === undefined) told(message, session, parts.inFlight);
    else if (!isRequestId(id)) write(connection.response, errorMessage(null, INVALID));
    else if (method === 'initialize') await this.#initialize(parts, connection, { id, method, params });
    else if (!session) write(connection.response, errorMessage(id, INVALID));
    else
      await answerRequest(
        parts,
        { id, method, params },
        { principal, session, reply: replyOn(connection), gone: gone.signal },
      );
  }

  async #initialize(parts: RelayParts, connection: Connection, { id, params }: LegacyRequest): Promise<void> {
    if (!isInitialize(params) || connection.session) return write(connection.response, errorMessage(id, INVALID));
    try {
      const result = await initializeResult(parts.target, params);
      if (connection.gone.signal.aborted) return;
      if (connection.session) return write(connection.response, errorMessage(id, INVALID));
      const capabilities = isObject(params.capabilities) ? (params.capabilities as JsonObject) : {};
      const session = parts.sessions.open(connection.principal, capabilities);
      session.attach((message) => write(connection.response, message));
      connection.session = session;
      connection.leave = () => parts.sessions.end(session);
      write(connection.response, resultMessage(id, result));
    } catch (error) {
      write(connection.response, errorMessage(id, toRpcError(error)));
    }
  }

  #end(id: string, { gone, leave }: Connection): void {
    this.#connections.delete(id);
    gone.abort(new Error('the client closed the connection'));
    leave();
  }
}

const INVALID = { code: -32600, message: 'Invalid Request: initialize comes first, and once' };

function replyOn({ response }: Connection): Reply {
  const send = (message: JsonObject) => write(response, message);
  return { isResumable: true, send, finish: send };
}

function write(response: ServerResponse, message: JsonObject): void {
  writeUnlessUnread(response, `event: message\ndata: ${JSON.stringify(message)}\n\n`);
}
