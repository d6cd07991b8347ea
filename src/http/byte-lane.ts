/** Answers a plain call of a tool whose bytes pass through: the same answer as that of the plain lane, without parsing it. */
import type { ServerResponse } from 'node:http';
import type { ByteListener, ByteResult } from '../bridge/upstream-session.ts';
import type { PassedCall } from '../meta-tools/upstream-pass.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { ByteCall } from './byte-call.ts';
import type { Abortable, CallsInFlight } from './calls-in-flight.ts';
import type { SignsOfLife, Silence } from './keep-alive.ts';
import { sendError, sendResult } from './plain-lane.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts';

/** Sends a call on its way; gives how to give up. Every failure is told to the listener. */
export type DirectPass = (
  call: Pick<PassedCall, 'tool' | 'params' | 'requestId' | 'session' | 'listener'>,
) => (reason: Error) => void;

export interface ByteExchange {
  readonly call: ByteCall;
  readonly pass: DirectPass;
  readonly response: ServerResponse;
  readonly session: string | undefined;
  readonly inFlight: CallsInFlight;
  readonly signs: SignsOfLife;
}

export function answerInBytes(exchange: ByteExchange): void {
  new Answering(exchange).begin(exchange);
}

class Answering implements ByteListener, Abortable {
  /** Undefined from its end on, so that nothing that knew of it keeps the whole request. */
  #exchange: ByteExchange | undefined;
  #giveUp: ((reason: Error) => void) | undefined;
  #leave: (() => void) | undefined;
  #silence: Silence | undefined;

  constructor(exchange: ByteExchange) {
    this.#exchange = exchange;
  }

  begin({ call, pass, response, session, inFlight, signs }: ByteExchange): void {
    response.on('close', () => this.abort(new Error('the client closed the connection')));
    this.#leave = inFlight.enter(session, call.id, this);
    this.#silence = signs.begin(response);
    const requestId = requestIdOf(response);
    const giveUp = pass({ tool: call.tool, params: call.params, requestId, session, listener: this });
    if (this.#exchange) this.#giveUp = giveUp;
  }

  abort(reason: Error): void {
    this.#giveUp?.(reason);
  }

  bytes({ result }: ByteResult): void {
    const exchange = this.#end();
    if (!exchange) return;
    const { response, call } = exchange;
    const body = `{"result":${result},"jsonrpc":"2.0","id":${call.idText}}`;
    if (response.headersSent) {
      response.end(`event: message\ndata: ${body}\n\n`, 'latin1');
      return;
    }
    const headers = ['content-type', 'application/json', 'content-length', body.length];
    const id = requestIdOf(response);
    if (id !== undefined) headers.push(REQUEST_ID_HEADER, id);
    // As one string, so that head and body are one write.
    response.writeHead(200, headers).end(body, 'latin1');
  }

  value(result: JsonObject): void {
    const exchange = this.#end();
    if (exchange) sendResult(exchange.response, exchange.call.id, result);
  }

  failed(error: Error): void {
    const exchange = this.#end();
    if (exchange) sendError(exchange.response, exchange.call.id, error);
  }

  /** What is to be answered, to whoever is the first to ask. */
  #end(): ByteExchange | undefined {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#giveUp = undefined;
    this.#leave?.();
    exchange?.signs.end(this.#silence);
    return exchange;
  }
}
