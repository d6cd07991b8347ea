/** `/mcp/<server>`: everything that MCP has, passed through between one upstream server and clients of every era. */
import type { ServerResponse } from 'node:http';
import { isInitialize, isRequestId } from '../meta-tools/legacy-opening.ts';
import type { ToolOffer } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { ByteDoor } from './byte-door.ts';
import { CallsInFlight } from './calls-in-flight.ts';
import type { DirectBytes } from './direct-pass.ts';
import { SILENCE_MS, SignsOfLife } from './keep-alive.ts';
import type { KeptRoom } from './kept-room.ts';
import { createMcpEndpoint, type McpEndpoint } from './mcp-endpoint.ts';
import { answerPlainly, hasPlainHeaders, type PlainRequest, readPlainMessage } from './plain-lane.ts';
import { type BodyListener, collectBody, parseBody, type RefusedBody, readBody } from './read-body.ts';
import { paramsOf, readBatch } from './relay-batch.ts';
import { acceptsBoth, isJson, isLegacyVersion, isModern, isModernVersion, namedHeaders } from './relay-headers.ts';
import { RelayHub } from './relay-hub.ts';
import { type Asker, answerInitialize, answerPost, type LegacyRequest } from './relay-legacy.ts';
import { answerModern, type ModernParts } from './relay-modern.ts';
import { told } from './relay-notified.ts';
import { ParkedCalls } from './relay-parked.ts';
import { errorMessage, sendJson } from './relay-reply.ts';
import type { RelaySession } from './relay-session.ts';
import { RelaySessions } from './relay-sessions.ts';
import { SseDoor } from './relay-sse.ts';
import type { RelayTarget } from './relay-target.ts';
import { sayRequestId } from './request-id.ts';
import type { Exchange, SdkLaneOptions } from './sdk-lane.ts';

export interface RelayOptions extends SdkLaneOptions {
  /** What a principal is served by the lane for plain calls of tools, and by the one for odd messages. */
  readonly offer: (principal: Principal, session?: string) => ToolOffer;
  /** Asked for at each request; throws SERVER_UNKNOWN when there is nothing for this principal. */
  readonly target: (principal: Principal) => RelayTarget;
  /** Asked for at each request; throws what `target` throws. */
  readonly bytes: (principal: Principal) => DirectBytes;
  /** A client's session, or a call's own instance, is over. */
  readonly onSessionEnd: (session: string) => void;
  /** After so long without use a client's session is over. */
  readonly sessionTimeoutMs: number;
  /** Shared by all servers. */
  readonly room: KeptRoom;
}

type Common = Omit<ModernParts, 'target'>;

export function createRelayEndpoint(options: RelayOptions): McpEndpoint {
  return new RelayEndpoint(options);
}

class RelayEndpoint implements McpEndpoint {
  readonly #options: RelayOptions;
  readonly #odd: McpEndpoint;
  readonly #sse: SseDoor;
  readonly #signs: SignsOfLife;
  readonly #bytes: ByteDoor;
  #common: Common | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#odd = createMcpEndpoint((principal) => options.offer(principal), options);
    this.#signs = new SignsOfLife(options.silenceMs ?? SILENCE_MS);
    this.#bytes = new ByteDoor({ bytesOf: options.bytes, signs: this.#signs });
    this.#sse = new SseDoor((principal) => this.#parts(principal));
  }

  handle(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    if (request.method !== 'POST' || !isJson(request.headers) || OLD_TRANSPORT.test(request.url ?? ''))
      return this.#unusual(exchange);
    return new Promise((resolve, failed) => {
      const whole = (bytes: Buffer) => {
        try {
          if (this.#pass(exchange, bytes)) return resolve();
          sayRequestId(exchange.response);
          resolve(this.#parsed(exchange, bytes));
        } catch (error) {
          failed(error);
        }
      };
      const listener: BodyListener = {
        whole,
        refused: (body) => {
          sayRequestId(exchange.response);
          resolve(refuseBody(exchange.response, body));
        },
        failed,
      };
      collectBody(request, this.#options.bodyBytesMax, listener);
    });
  }

  async #unusual(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    sayRequestId(response);
    const [, , , part] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    if (part !== undefined) return this.#oldTransport(exchange, part);
    if (request.method === 'GET') return this.#connect(exchange);
    if (request.method === 'DELETE') return this.#delete(exchange);
    if (request.method !== 'POST') return refuseMethod(response);
    return this.#odd.handle(exchange);
  }

  async close(): Promise<void> {
    this.#sse.close();
    this.#common?.parked.close();
    this.#common?.sessions.close();
    await this.#odd.close();
  }

  /** `/sse` and `/messages` below it. */
  async #oldTransport(exchange: Exchange, part: string): Promise<void> {
    const { request, response } = exchange;
    if (part === 'sse' && request.method === 'GET') {
      if (!this.#sse.connect(exchange)) refuse(response, 503, TOO_MANY);
      return;
    }
    if (part !== 'messages' || request.method !== 'POST')
      return refuseMethod(response, part === 'sse' ? 'GET' : 'POST');
    const body = await readBody(request, this.#options.bodyBytesMax);
    if (body.kind === 'refused') return refuseBody(response, body);
    const messages: unknown[] = Array.isArray(body.value) ? body.value : [body.value];
    const isKnown = messages.every(
      (message) => isObject(message) && this.#sse.message(exchange, message as JsonObject),
    );
    return isKnown ? accepted(response) : refuse(response, 404, NO_SESSION);
  }

  /** Plain calls of tools, as bytes; false for everything else. */
  #pass(exchange: Exchange, body: Buffer): boolean {
    const session = this.#sessionOf(exchange);
    const parts = () => this.#common ?? this.#parts(exchange.principal);
    return session !== 'unknown' && this.#bytes.take(exchange, body, { session, parts });
  }

  async #parsed(exchange: Exchange, bytes: Buffer): Promise<void> {
    const body = parseBody(bytes);
    if (body.kind === 'refused') return refuseBody(exchange.response, body);
    await this.#post(exchange, body.value);
  }

  async #post(exchange: Exchange, body: unknown): Promise<void> {
    const { request, response, principal } = exchange;
    const session = this.#sessionOf(exchange);
    if (session === 'unknown') return refuse(response, 404, NO_SESSION);
    const plain = this.#isLean(session) && hasPlainHeaders(request.headers) ? readPlainMessage(body) : undefined;
    if (plain?.kind === 'request' && this.#isPlainlyAnswered(plain.request, { principal, session })) {
      const { inFlight } = this.#common ?? this.#parts(principal);
      const offer = this.#options.offer(principal, session?.id);
      const lean = { offer, request: plain.request, response, principal, inFlight, session: session?.id };
      return answerPlainly({ ...lean, signs: this.#signs });
    }
    if (Array.isArray(body)) return this.#batch(exchange, body, session);
    if (!isObject(body) || body.jsonrpc !== '2.0') return this.#odd.handle(exchange, body);
    if (isModern(body as JsonObject, request.headers)) return this.#modern(exchange, body as JsonObject);
    if (!acceptsBoth(request.headers) || !isLegacyVersion(request.headers)) return this.#odd.handle(exchange, body);
    await this.#legacy(exchange, body as JsonObject, session);
  }

  async #legacy(exchange: Exchange, message: JsonObject, session: RelaySession | undefined): Promise<void> {
    const { response, principal } = exchange;
    const parts = this.#parts(principal);
    const { id, method } = message;
    if (typeof method !== 'string' || id === undefined) {
      told(message, session, parts.inFlight);
      return accepted(response);
    }
    const params = paramsOf(message);
    const isSound = isRequestId(id) && (method !== 'initialize' || isInitialize(params));
    if (!isSound) return this.#odd.handle(exchange, message);
    const request: LegacyRequest = { id, method, params };
    if (method === 'initialize') return answerInitialize(parts, request, { principal, response });
    await answerPost(parts, [request], { principal, session, response });
  }

  async #batch(exchange: Exchange, messages: readonly unknown[], session: RelaySession | undefined): Promise<void> {
    const { request, response, principal } = exchange;
    const { headers } = request;
    const isOdd = messages.some((message) => isObject(message) && isModern(message as JsonObject, headers));
    if (isOdd || !acceptsBoth(headers) || !isLegacyVersion(headers)) return this.#odd.handle(exchange, messages);
    const batch = readBatch(messages);
    if (!batch) return refuse(response, 400, NO_BATCH);
    const parts = this.#parts(principal);
    const isAsked = batch.requests.length > 0;
    const answered = isAsked ? answerPost(parts, batch.requests, { principal, session, response }) : undefined;
    for (const message of batch.told) told(message, session, parts.inFlight);
    await (answered ?? accepted(response));
  }

  /** The SDK knows every way in which an envelope can be wrong, and is loaded for the first that comes. */
  async #modern({ request, response, principal }: Exchange, body: JsonObject): Promise<void> {
    const { classifyInboundRequest } = await import('@modelcontextprotocol/server');
    const { headers } = request;
    this.#bytes.envelopes.judgeBy(classifyInboundRequest);
    const route = classifyInboundRequest({ httpMethod: 'POST', body, ...namedHeaders(headers) });
    const id = isRequestId(body.id) ? body.id : null;
    if (route.kind === 'reject') {
      const data = route.data === undefined ? {} : { data: route.data as Json };
      const error = { code: route.code, message: route.message, ...data };
      return sendJson(response, route.httpStatus, errorMessage(id, error));
    }
    if (id === null) return accepted(response);
    const params = isObject(body.params) ? (body.params as JsonObject) : {};
    const asked = { id, method: String(body.method), params };
    await answerModern(this.#parts(principal), { request: asked, headers, principal, response });
  }

  async #connect(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers['mcp-session-id'] === undefined) return refuseMethod(response);
    const session = this.#sessionOf(exchange);
    if (session === undefined || session === 'unknown') return refuse(response, 404, NO_SESSION);
    if (!(request.headers.accept ?? '').includes('text/event-stream')) return refuse(response, 406, NOT_ACCEPTABLE);
    const last = request.headers['last-event-id'];
    const outcome = session.connect(response, typeof last === 'string' ? last : undefined);
    if (outcome === 'taken') refuse(response, 409, TAKEN);
    if (outcome === 'unknown') refuse(response, 400, UNKNOWN_EVENT);
  }

  async #delete(exchange: Exchange): Promise<void> {
    const { request, response, principal } = exchange;
    if (request.headers['mcp-session-id'] === undefined) return refuseMethod(response);
    const session = this.#sessionOf(exchange);
    if (session === undefined || session === 'unknown') return refuse(response, 404, NO_SESSION);
    this.#parts(principal).sessions.end(session);
    response.writeHead(200, { 'content-length': 0 }).end();
  }

  /** For the lean lanes: nothing can be asked or told on the way, so nothing is kept for it either. */
  #isLean(session: RelaySession | undefined): boolean {
    return !session?.isListening && !this.#common?.hub.isAwaited;
  }

  /** Without a session, too, a client hears what the server says while it works on a call. */
  #isPlainlyAnswered({ method }: PlainRequest, { principal, session }: Pick<Asker, 'principal' | 'session'>): boolean {
    if (method === 'tools/call') return session !== undefined || !this.#options.bytes(principal).isTalkative;
    return method === 'tools/list';
  }

  /** Of another principal or another server: unknown. */
  #sessionOf({ request, principal }: Exchange): RelaySession | 'unknown' | undefined {
    const id = request.headers['mcp-session-id'];
    if (id === undefined || isModernVersion(request.headers)) return undefined;
    return (typeof id === 'string' ? this.#common?.sessions.find(id, principal) : undefined) ?? 'unknown';
  }

  #parts(principal: Principal): ModernParts {
    const target = this.#options.target(principal);
    this.#common ??= this.#createCommon(target);
    return { ...this.#common, target };
  }

  #createCommon(target: RelayTarget): Common {
    const { onSessionEnd, sessionTimeoutMs: abandonedAfterMs, room } = this.#options;
    const hub = new RelayHub(target.leases);
    const leaves = new Map<string, () => void>();
    const sessions = new RelaySessions({
      abandonedAfterMs,
      room,
      onOpen: (session) => leaves.set(session.id, hub.join(session)),
      onEnd: ({ id }) => {
        leaves.get(id)?.();
        leaves.delete(id);
        onSessionEnd(id);
      },
    });
    return { hub, sessions, inFlight: new CallsInFlight(), parked: new ParkedCalls(onSessionEnd) };
  }
}

/** Below `/mcp/<server>`: `/sse` and `/messages`. */
const OLD_TRANSPORT = /^\/[^/?]*\/[^/?]*\//;

function refuseBody(response: ServerResponse, { status, code, message }: RefusedBody): void {
  refuse(response, status, { code, message });
}

function accepted(response: ServerResponse): void {
  response.writeHead(202, { 'content-length': 0 }).end();
}

const NO_BATCH = { code: -32600, message: 'Invalid Request: no batch of messages, or one with an initialize in it' };
const NO_METHOD = { code: -32000, message: 'Method not allowed.' };
const NO_SESSION = { code: -32001, message: 'Session not found' };
const NOT_ACCEPTABLE = { code: -32000, message: 'Not Acceptable: Client must accept text/event-stream' };
const TOO_MANY = { code: -32000, message: 'Too many streams are open' };
const TAKEN = { code: -32000, message: 'Conflict: this stream is connected already' };
const UNKNOWN_EVENT = { code: -32000, message: 'Last-Event-ID names no event that is kept for this session' };

function refuseMethod(response: ServerResponse, allowed = 'GET, POST, DELETE'): void {
  response.setHeader('allow', allowed);
  refuse(response, 405, NO_METHOD);
}

function refuse(response: ServerResponse, status: number, error: { code: number; message: string }): void {
  // A body that was not read has to end the connection; anything else leaves it to be used again.
  const isRead = response.req.method !== 'POST' || response.req.complete;
  if (!isRead) response.setHeader('connection', 'close');
  sendJson(response, status, errorMessage(null, error));
}
