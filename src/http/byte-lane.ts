/** Answers a plain call of a tool whose bytes pass through: the same answer as that of the lanes that parse it. */
import type { ServerResponse } from 'node:http';
import type { ByteResult, UpstreamSession } from '../bridge/upstream-session.ts';
import { forLegacy } from '../meta-tools/legacy-result.ts';
import { toRpcError } from '../meta-tools/tool-offer.ts';
import type { PassedCall, PassListener } from '../meta-tools/upstream-pass.ts';
import type { Principal } from '../policy/principal.ts';
import { Link } from '../stdx/chain.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { type ByteText, fromByteText, toByteText } from '../stdx/json-cursor.ts';
import type { ByteCall } from './byte-call.ts';
import { reply, writeEvent } from './byte-reply.ts';
import type { Abortable, CallsInFlight } from './calls-in-flight.ts';
import type { Signer, SignsOfLife, Silence } from './keep-alive.ts';
import {
  asModern,
  isHeardByLegacy,
  isHeardByModern,
  modernStatusOf,
  toModernError,
  toModernResult,
} from './relay-eras.ts';
import type { CallChain, HubCall, RelayHub } from './relay-hub.ts';
import type { RelaySession, SessionCall } from './relay-session.ts';
import type { RelayStream } from './relay-stream.ts';
import { requestIdOf, withRequestId } from './request-id.ts';

/** Sends a call on its way; gives how to give up. Every failure is told to the listener. */
export type DirectPass = (call: Omit<PassedCall, 'door' | 'server' | 'principal'>) => (reason: Error) => void;

/** A client of 2026-07-28, and what it is told of the server with each result. */
export interface ModernCaller {
  /** What it declares itself, for modern servers. */
  readonly envelope: JsonObject;
  /** From which level on it wants to hear log messages. */
  readonly logLevel: Json | undefined;
  readonly serverInfo: JsonObject;
  /** The same as a member of `_meta`. */
  readonly serverInfoText: ByteText;
}

export interface ByteExchange {
  readonly call: ByteCall;
  readonly pass: DirectPass;
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly session: RelaySession | undefined;
  readonly inFlight: CallsInFlight;
  readonly signs: SignsOfLife;
  readonly hub: RelayHub;
  /**
   * Nobody can be asked anything on the way, or told more than what the server logs, and it may be of any version. Any other legacy
   * client is served by a legacy server, whose results leave as they came.
   */
  readonly isLean: boolean;
  /** Undefined for a legacy client. */
  readonly modern: ModernCaller | undefined;
}

export function answerInBytes(exchange: ByteExchange): void {
  new Answering(exchange).begin(exchange);
}

class Answering extends Link implements PassListener, Abortable, HubCall, SessionCall, Signer {
  readonly principal: string;
  readonly instanceOf: string | undefined;
  readonly logLevel: string | undefined;
  /** Undefined from its end on, so that nothing that knew of it keeps the whole request. */
  #exchange: ByteExchange | undefined;
  #giveUp: ((reason: Error) => void) | undefined;
  #leave: (() => void) | undefined;
  #leaveSession: (() => void) | undefined;
  /** Of the instance that it runs on, while it can be told something. */
  #beside: CallChain | undefined;
  #silence: Silence | undefined;
  /** Of a session, from the first thing on that is said before the result: its client can resume it. */
  #stream: RelayStream | undefined;

  constructor(exchange: ByteExchange) {
    super();
    this.#exchange = exchange;
    this.principal = exchange.principal.id;
    this.instanceOf = exchange.session?.instanceOf;
    const level = exchange.modern ? exchange.modern.logLevel : exchange.session?.logLevel;
    this.logLevel = typeof level === 'string' ? level : undefined;
  }

  begin({ call, pass, response, session, inFlight, signs, modern }: ByteExchange): void {
    response.on('close', () => {
      // After each answer, too: an error, which notes where it was made, costs as much as the rest of the gateway.
      if (this.#exchange && !this.#stream) this.abort(new Error('the client closed the connection'));
    });
    if (!modern) this.#leave = inFlight.enter(session?.id, call.id, this);
    this.#leaveSession = session?.enter(this);
    this.#silence = signs.begin(response, session ? this : undefined);
    const giveUp = pass({
      tool: call.tool,
      params: call.params,
      requestId: requestIdOf(response),
      behalf: behalfOf(session),
      envelope: modern?.envelope,
      onProgress: call.progressToken === undefined ? undefined : (progress) => this.#progress(progress),
      listener: this,
    });
    if (this.#exchange) this.#giveUp = giveUp;
  }

  abort(reason: Error): void {
    this.#giveUp?.(reason);
  }

  leased(upstream: UpstreamSession): void {
    const exchange = this.#exchange;
    if (!exchange || (exchange.isLean && !isTalkative(upstream))) return;
    const { hub, session } = exchange;
    this.#beside?.remove(this);
    this.#beside = hub.add(upstream, this);
    if (session?.instanceOf !== undefined) session.upstream = upstream;
  }

  /** Of the server, unasked. */
  tell(method: string, params: JsonObject): void {
    const isWanted = this.#exchange?.modern ? isHeardByModern : isHeardByLegacy;
    if (isWanted(method, params, this.logLevel)) this.send({ jsonrpc: '2.0', method, params });
  }

  /** Before the result. */
  send(message: JsonObject): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    const stream = this.#openStream(exchange);
    if (stream) stream.send(message);
    else writeEvent(exchange.response, toByteText(JSON.stringify(message)));
  }

  sign(): void {
    if (this.#exchange) this.#openStream(this.#exchange)?.keepAlive();
  }

  bytes(given: ByteResult): void {
    const exchange = this.#end();
    if (!exchange) return;
    const { modern, call } = exchange;
    const isOdd = !modern && exchange.isLean && (given.hasType || given.hasServerInfo || given.isOddlyStructured);
    if (isOdd) this.#sendResult(exchange, JSON.parse(fromByteText(given.result)) as JsonObject);
    else {
      const result = modern ? asModern(given, modern.serverInfoText) : given.result;
      this.#finish(exchange, `{"result":${result},"jsonrpc":"2.0","id":${call.idText}}`);
    }
  }

  value(result: JsonObject): void {
    const exchange = this.#end();
    if (exchange) this.#sendResult(exchange, result);
  }

  failed(thrown: Error): void {
    const exchange = this.#end();
    if (!exchange) return;
    const { call, modern } = exchange;
    const error = modern ? toModernError(toRpcError(thrown)) : toRpcError(thrown);
    const body = JSON.stringify({ jsonrpc: '2.0', id: call.id, error });
    this.#finish(exchange, toByteText(body), modern ? modernStatusOf(error) : 200);
  }

  #progress(progress: JsonObject): void {
    const progressToken = this.#exchange?.call.progressToken ?? null;
    this.send({ jsonrpc: '2.0', method: 'notifications/progress', params: { ...progress, progressToken } });
  }

  #openStream({ session, response }: ByteExchange): RelayStream | undefined {
    if (this.#stream || !session || response.destroyed) return this.#stream;
    this.#stream = session.newStream();
    this.#stream.connect(response, 0, withRequestId(response, { 'mcp-session-id': session.id }));
    return this.#stream;
  }

  #sendResult(exchange: ByteExchange, given: JsonObject): void {
    const { call } = exchange;
    const result = forClient(given, exchange);
    this.#finish(exchange, toByteText(JSON.stringify({ result, jsonrpc: '2.0', id: call.id })));
  }

  #finish({ response }: ByteExchange, body: ByteText, status = 200): void {
    if (this.#stream) {
      this.#stream.sendText(fromByteText(body));
      this.#stream.end();
    } else reply(response, body, status);
  }

  /** What is to be answered, to whoever is the first to ask. */
  #end(): ByteExchange | undefined {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#giveUp = undefined;
    this.#leave?.();
    this.#leaveSession?.();
    this.#beside?.remove(this);
    exchange?.signs.end(this.#silence);
    return exchange;
  }
}

/** The session that a call is made for, and who can be asked in it. */
function behalfOf(session: RelaySession | undefined): PassedCall['behalf'] {
  if (!session) return undefined;
  return session.client ? { session: session.id, client: session.client } : { session: session.id };
}

/** Of an older version, it sends log messages unasked. */
const isTalkative = ({ facts }: UpstreamSession) => facts.era === 'legacy' && isObject(facts.capabilities.logging);

function forClient(result: JsonObject, { modern, isLean }: ByteExchange): JsonObject {
  if (modern) return toModernResult('tools/call', result, modern);
  return isLean ? forLegacy(result) : result;
}
