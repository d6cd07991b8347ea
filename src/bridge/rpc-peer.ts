/** A lean JSON-RPC peer: ids of our own, answers matched to calls, everything else counted and survived. */
import { Attendance } from '../stdx/attendance.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import { type ByteText, JsonCursor, toByteText } from '../stdx/json-cursor.ts';
import { readByteAnswer } from './byte-answer.ts';
import { CallsById } from './calls-by-id.ts';
import { ClientAsks } from './client-asks.ts';
import { Deadlines } from './deadlines.ts';
import { type PassedParams, requestLine, withMeta } from './passed-params.ts';
import { type Answered, cancelError, PendingCall } from './pending-call.ts';
import { isJsonObject, type RpcMessage, readRpcMessage, withProgressToken } from './rpc-message.ts';
import { answerError, lostStream, neverRead, noObject } from './server-errors.ts';
import type { AskableClient, CallOptions, PassOptions } from './upstream-session.ts';
import type { SendOptions, Wire } from './wire.ts';

/** What came over the wire and had to be ignored; a healthy server leaves all of them at zero. */
export interface Incidents {
  /** Responses to no call of ours: unknown id, duplicate, or later than its deadline. */
  strayResponses: number;
  /** Lines that are no JSON-RPC message. */
  noiseLines: number;
  noiseBytes: number;
  /** Notifications that a listener of ours threw at; the connection goes on. */
  failedListeners: number;
}

export interface PeerOptions {
  readonly server: string;
  readonly clock: Clock;
  /** Who answers the server's own requests; without one each gets METHOD_NOT_FOUND. */
  readonly client?: AskableClient | undefined;
}

export interface PeerCallOptions extends CallOptions {
  /** Giving up is not told to the server: `initialize` must not be cancelled, and a probe is nobody's loss. */
  readonly isQuiet?: boolean;
}

export class RpcPeer {
  readonly incidents: Incidents = { strayResponses: 0, noiseLines: 0, noiseBytes: 0, failedListeners: 0 };
  readonly closed: Promise<Error>;
  readonly #wire: Wire;
  readonly #options: PeerOptions;
  readonly #pending = new CallsById<PendingCall>();
  readonly #listeners = new Attendance<(method: string, params: JsonObject) => void>();
  readonly #asks: ClientAsks;
  readonly #deadlines: Deadlines;
  readonly #isWaitingForClient = () => this.#asks.isOpen;
  readonly #cursor = new JsonCursor();
  /** Calls under way whose answers need not be parsed. */
  #passing = 0;
  #resolveClosed: (reason: Error) => void = () => {};
  #closedBy: Error | undefined;
  #answers = 0;

  /** `connect` gets the peer's ear and gives back the wire, so that nothing can arrive before somebody listens. */
  constructor(connect: (peer: RpcPeer) => Wire, options: PeerOptions) {
    this.#options = options;
    this.#asks = new ClientAsks(options.client, (message) => this.#sendQuietly(message));
    this.#deadlines = new Deadlines(options.clock, () => this.#pending.all());
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#wire = connect(this);
  }

  /** Calls that the server answered so far, be it with an error. */
  get answers(): number {
    return this.#answers;
  }

  request(method: string, params: JsonObject, options: PeerCallOptions = {}): Promise<JsonObject> {
    return new Promise((value, failed) => {
      if (this.#closedBy) throw neverRead(this.#closedBy);
      if (options.signal?.aborted) throw cancelError(options.signal.reason, { server: this.#options.server, method });
      const id = this.#pending.nextId();
      const isLine = method === HOT_METHOD && !options.headers && this.passesLines;
      const stream = this.#wire.hasStreamPerRequest && !isLine ? new AbortController() : undefined;
      const { isQuiet = false, timeoutMs, maxTotalMs, signal, onProgress } = options;
      const onGivenUp = (reason: string) => this.#giveUp(id, reason, { isQuiet, stream });
      this.#open(id, method, { answered: { value, failed }, onGivenUp, timeoutMs, maxTotalMs, signal, onProgress });
      const message = { jsonrpc: '2.0', id, method, params: withProgressToken(params, options.onProgress && id) };
      if (isLine) this.#sendLine(id, toByteText(JSON.stringify(message)));
      else {
        const onStreamEnd = () => this.streamEnded(id);
        this.#send(id, message, stream && { stream, onStreamEnd, headers: options.headers });
      }
    });
  }

  get passesLines(): boolean {
    return this.#wire.sendLine !== undefined;
  }

  /** `request` for bytes both ways; only where lines are passed. Gives how to give up. */
  pass(method: string, params: PassedParams, options: PassOptions): (reason: Error) => void {
    const { listener: answered, timeoutMs, maxTotalMs, onProgress } = options;
    if (this.#closedBy) {
      answered.failed(neverRead(this.#closedBy));
      return () => {};
    }
    const id = this.#pending.nextId();
    const onGivenUp = (reason: string) => this.#giveUp(id, reason, {});
    const call = this.#open(id, method, { timeoutMs, maxTotalMs, answered, onGivenUp, onProgress });
    const own = onProgress ? `"progressToken":${id}` : '';
    this.#sendLine(id, requestLine(id, method, withMeta(params, own)));
    return (reason) => call.cancel(reason);
  }

  notify(method: string, params?: JsonObject): void {
    this.#sendQuietly(params ? { jsonrpc: '2.0', method, params } : { jsonrpc: '2.0', method });
  }

  onNotification(listener: (method: string, params: JsonObject) => void): () => void {
    return this.#listeners.enter(listener);
  }

  /** For the wire: one parsed value came in. False if it is no message. */
  message(value: unknown): boolean {
    const message = readRpcMessage(value);
    if (!message) return false;
    this.#dispatch(message);
    return true;
  }

  /** For the wire: one line came in. False if it is to be parsed. */
  line(line: Buffer): boolean {
    const answer = this.#passing > 0 ? readByteAnswer(line, this.#cursor) : undefined;
    if (!answer || !this.#pending.get(answer.id)?.takesBytes) return false;
    this.#take(answer.id)?.succeedWithBytes(answer);
    return true;
  }

  /** For the wire: a request will get no answer. */
  failed(id: number, error: Error): void {
    this.#fail(id, error);
  }

  /** For the wire: the stream for the answer to a request has ended, and if none came, none will. */
  streamEnded(id: number): void {
    const call = this.#pending.get(id);
    if (call) this.#fail(id, lostStream(this.#options.server, call.method));
  }

  /** For the wire: something that is no message came in. */
  noise(bytes: number): void {
    this.incidents.noiseLines++;
    this.incidents.noiseBytes += bytes;
  }

  /** For the wire: no request makes sense any more, but answers may still come. */
  ending(reason: Error): void {
    if (this.#closedBy) return;
    this.#closedBy = reason;
    this.#asks.abandon(reason);
    this.#resolveClosed(reason);
  }

  /** For the wire: nobody will answer these, and nobody has begun to. */
  unread(ids: readonly number[], reason: Error): void {
    for (const id of ids) this.#fail(id, reason);
  }

  /** For the wire: nothing more will come. Every call under way fails now, not at its deadline. */
  ended(reason: Error): void {
    this.ending(reason);
    this.#deadlines.close();
    for (const { id } of this.#pending.all()) this.#fail(id, reason);
  }

  useVersion(protocolVersion: string): void {
    this.#wire.useVersion(protocolVersion);
  }

  async close(reason: string): Promise<void> {
    await this.#wire.close(reason);
  }

  #open(
    id: number,
    method: string,
    options: Omit<PeerCallOptions, 'envelope'> & {
      readonly answered: Answered;
      readonly onGivenUp: (reason: string) => void;
    },
  ): PendingCall {
    const { server, clock } = this.#options;
    const { answered, onGivenUp, timeoutMs, maxTotalMs, signal, onProgress } = options;
    const isWaitingForClient = this.#isWaitingForClient;
    // biome-ignore format: without a spread, which costs an object that lives until the next full collection
    const call = new PendingCall({ id, server, clock, method, isWaitingForClient, answered, onGivenUp, timeoutMs, maxTotalMs, signal, onProgress });
    this.#pending.put(call);
    if (call.takesBytes) this.#passing++;
    this.#deadlines.watch(call);
    return call;
  }

  #forget(id: number): PendingCall | undefined {
    const call = this.#pending.take(id);
    if (call?.takesBytes) this.#passing--;
    return call;
  }

  #send(id: number, message: JsonObject, options: SendOptions | undefined): void {
    try {
      void this.#wire.send(message, options)?.catch((error: unknown) => this.#fail(id, error));
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #sendLine(id: number, line: ByteText): void {
    try {
      this.#wire.sendLine?.(line, id);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: number, error: unknown): void {
    this.#forget(id)?.fail(error instanceof Error ? error : new Error(String(error)));
  }

  #sendQuietly(message: JsonObject): void {
    if (this.#closedBy) return;
    try {
      void this.#wire.send(message)?.catch(() => {});
    } catch {
      // A server that does not read needs no notifications and gets no answers.
    }
  }

  #giveUp(
    id: number,
    reason: string,
    { isQuiet, stream }: { isQuiet?: boolean; stream?: AbortController | undefined },
  ): void {
    this.#forget(id);
    stream?.abort();
    this.#wire.dropLine?.(id);
    if (!isQuiet && !this.#wire.cancelsByStream) this.notify('notifications/cancelled', { requestId: id, reason });
  }

  #dispatch(message: RpcMessage): void {
    switch (message.kind) {
      case 'result':
        this.#succeed(this.#take(message.id), message.result);
        break;
      case 'error':
      case 'too-deep': {
        const call = this.#take(message.id);
        call?.fail(answerError(this.#options.server, call.method, message));
        break;
      }
      case 'request':
        void this.#asks.answer(message);
        break;
      case 'notification':
        this.#notified(message.method, message.params);
    }
  }

  #succeed(call: PendingCall | undefined, result: unknown): void {
    if (isJsonObject(result)) call?.succeed(result);
    else call?.fail(noObject(this.#options.server, call.method));
  }

  /** Only the very number that was sent counts: "1" is not 1, and a second answer has nobody waiting. */
  #take(id: unknown): PendingCall | undefined {
    const call = typeof id === 'number' ? this.#forget(id) : undefined;
    if (call) this.#answers++;
    else this.incidents.strayResponses++;
    return call;
  }

  #notified(method: string, params: JsonObject): void {
    if (method === 'notifications/progress') this.#progressed(params);
    else if (method === 'notifications/cancelled') this.#asks.cancel(params.requestId);
    else this.tell(method, params);
  }

  /** To all who listen, as the server says it. */
  tell(method: string, params: JsonObject): void {
    for (const listener of this.#listeners.all()) {
      try {
        listener(method, params);
      } catch {
        this.incidents.failedListeners++;
      }
    }
  }

  #progressed({ progressToken, ...progress }: JsonObject): void {
    if (typeof progressToken === 'number') this.#pending.get(progressToken)?.progress(progress);
  }
}

/** Of all requests the one that is made all the time, and that is worth another way. */
const HOT_METHOD = 'tools/call';
