/** The session of one legacy client with one server: its streams, the questions put to it, and whose it is. */
import type { ServerResponse } from 'node:http';
import type { AskableClient, UpstreamSession } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import type { Principal } from '../policy/principal.ts';
import { Attendance } from '../stdx/attendance.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { KeptRoom } from './kept-room.ts';
import type { Hearer } from './relay-hub.ts';
import { RelayStream } from './relay-stream.ts';

/** Capabilities with which a client can be asked; one that has none of them shares instances with others. */
const ASKABLE = ['elicitation', 'sampling', 'roots'] as const;

export const isAskable = (capabilities: Json | undefined) =>
  isObject(capabilities) && ASKABLE.some((name) => isObject(capabilities[name]));

/** Streams of answers that broke off and may be resumed. */
const BROKEN_STREAMS_MAX = 16;

/** What a call under way gives its session, to be told and asked through. */
export interface SessionCall {
  send(message: JsonObject): void;
  /** Nobody wants it any more, for the session has ended. */
  abort(reason: Error): void;
}

export interface RelaySessionOptions {
  readonly id: string;
  readonly principal: Principal;
  /** As the client declared them in `initialize`. */
  readonly capabilities: JsonObject;
  /** Shared with all others. */
  readonly room: KeptRoom;
}

export class RelaySession implements Hearer {
  readonly id: string;
  readonly owner: Principal;
  readonly instanceOf: string | undefined;
  /** Undefined for a client that answers no questions. */
  readonly client: AskableClient | undefined;
  /** Resources that it wants to hear of. */
  readonly subscriptions = new Map<string, () => void>();
  /** The instance of its own, once there is one. */
  upstream: UpstreamSession | undefined;
  /** As set by `logging/setLevel`: modern servers hear it with each request, others on each new connection. */
  logLevel: string | undefined;
  /** Whether its server sends log messages without being asked to. */
  hearsLogs = false;
  lastUsedMs = 0;
  readonly #room: KeptRoom;
  readonly #main: RelayStream;
  readonly #streams = new Map<string, RelayStream>();
  readonly #calls = new Attendance<SessionCall>();
  readonly #asked = new Map<string, { resolve(result: JsonObject): void; reject(error: Error): void }>();
  /** Takes its own messages instead of the stream, for a client whose one connection is no stream of ours. */
  #sink: ((message: JsonObject) => void) | undefined;
  #streamCount = 0;
  #isOver = false;
  #askCount = 0;

  constructor({ id, principal, capabilities, room }: RelaySessionOptions) {
    this.id = id;
    this.#room = room;
    this.#main = new RelayStream('0', room);
    this.owner = principal;
    const canBeAsked = isAskable(capabilities);
    this.instanceOf = canBeAsked ? id : undefined;
    this.client = canBeAsked
      ? { capabilities, request: ({ method, params }, signal) => this.#ask({ method, params }, signal) }
      : undefined;
  }

  get principal(): string {
    return this.owner.id;
  }

  /** True while somebody is connected or waits for an answer. */
  get isBusy(): boolean {
    return this.hasStream || this.#calls.size > 0;
  }

  /** Can be told or asked something while its calls run. */
  get isListening(): boolean {
    return this.client !== undefined || this.hasStream || this.hearsLogs || this.logLevel !== undefined;
  }

  get hasStream(): boolean {
    return this.#sink !== undefined || this.#main.isConnected;
  }

  attach(sink: (message: JsonObject) => void): void {
    this.#sink = sink;
  }

  enter(call: SessionCall): () => void {
    return this.#calls.enter(call);
  }

  /** The stream of one answer, which can be resumed until it is fetched to its end. */
  newStream(): RelayStream {
    const stream = new RelayStream(String(++this.#streamCount), this.#room);
    this.#streams.set(stream.id, stream);
    for (const [id, each] of this.#streams) {
      if (this.#streams.size <= BROKEN_STREAMS_MAX) break;
      if (!each.isDone) continue;
      each.forget();
      this.#streams.delete(id);
    }
    return stream;
  }

  /** Connects the stream of its own messages, or the one that `lastEventId` belongs to. */
  connect(response: ServerResponse, lastEventId: string | undefined): 'connected' | 'taken' | 'unknown' {
    const [, id = '0', number] = /^(\d+)-(\d+)$/.exec(lastEventId ?? '') ?? [];
    if (lastEventId !== undefined && number === undefined) return 'unknown';
    const stream = id === '0' ? this.#main : this.#streams.get(id);
    if (!stream) return 'unknown';
    // Who names an event has lost the connection that brought it, even if we have not noticed.
    if (stream.isConnected && number === undefined) return 'taken';
    const after = number === undefined ? stream.freshFrom : Number(number);
    return stream.connect(response, after, { 'mcp-session-id': this.id }) ? 'connected' : 'unknown';
  }

  hears(method: string, params: JsonObject): boolean {
    if (method !== 'notifications/resources/updated') return true;
    return this.instanceOf !== undefined || this.subscriptions.has(String(params.uri));
  }

  tell(method: string, params: JsonObject): void {
    this.send({ jsonrpc: '2.0', method, params });
  }

  /** On the stream of its own messages. */
  send(message: JsonObject): void {
    if (this.#sink) this.#sink(message);
    else this.#main.send(message);
  }

  /** A response came from the client. */
  answered({ id, result, error }: JsonObject): void {
    const waiting = this.#asked.get(String(id));
    if (!waiting) return;
    this.#asked.delete(String(id));
    if (isObject(result)) waiting.resolve(result as JsonObject);
    else waiting.reject(refusedBy(error));
  }

  /** `release` is called when the resource is subscribed to again, or when the session ends, which it may have. */
  subscribed(uri: string, release: () => void): void {
    this.subscriptions.get(uri)?.();
    if (this.#isOver) release();
    else this.subscriptions.set(uri, release);
  }

  keepAlive(): void {
    this.#main.keepAlive();
  }

  end(): void {
    this.#isOver = true;
    for (const call of this.#calls.all()) call.abort(new Error('the client ended its session'));
    for (const release of this.subscriptions.values()) release();
    this.subscriptions.clear();
    for (const { reject } of this.#asked.values()) reject(new GatewayError('CALL_CANCELLED', 'the session has ended'));
    this.#asked.clear();
    for (const stream of [this.#main, ...this.#streams.values()]) {
      stream.end();
      stream.forget();
    }
  }

  /** Over the stream of the call if there is exactly one, which is then the one that it belongs to. */
  #ask(request: { readonly method: string; readonly params: JsonObject }, signal: AbortSignal): Promise<JsonObject> {
    const call = this.#calls.first;
    const channel = call && (this.#calls.size === 1 || !this.hasStream) ? call : this;
    if (channel === this && !this.hasStream) return Promise.reject(nobodyThere(request.method));
    const id = `tooldex-${++this.#askCount}`;
    return new Promise<JsonObject>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      signal.addEventListener('abort', () => this.#takeBack(id, channel), { once: true });
      channel.send({ jsonrpc: '2.0', id, ...request });
    });
  }

  #takeBack(id: string, channel: Pick<SessionCall, 'send'>): void {
    const waiting = this.#asked.get(id);
    if (!waiting) return;
    this.#asked.delete(id);
    channel.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    waiting.reject(new GatewayError('CALL_CANCELLED', 'the question was taken back'));
  }
}

function refusedBy(error: unknown): GatewayError {
  const rpc = isObject(error) ? error : { code: -32603, message: 'the client answered without a result' };
  return new GatewayError('UPSTREAM_ERROR', `the client answered with an error: ${String(rpc.message)}`, {
    data: { rpc },
  });
}

function nobodyThere(method: string): GatewayError {
  return new GatewayError('CALL_CANCELLED', `the client has no stream open on which ${method} could reach it`);
}
