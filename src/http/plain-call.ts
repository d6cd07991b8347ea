/** Answers a plain call of a tool from the offer: its result passes as bytes where the offer can do that, and is waited for where not. */

import { META_SERVER_INFO } from '../bridge/protocol-versions.ts';
import type { ByteListener, ByteResult } from '../bridge/upstream-session.ts';
import { forLegacy } from '../meta-tools/legacy-result.ts';
import type { CallContext } from '../meta-tools/parts.ts';
import { toRpcError } from '../meta-tools/tool-offer.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { type ByteText, fromByteText, toByteText } from '../stdx/json-cursor.ts';
import { membersOf } from '../stdx/json-members.ts';
import { reply, writeEvent } from './byte-reply.ts';
import type { Abortable } from './calls-in-flight.ts';
import type { Silence } from './keep-alive.ts';
import { forModern } from './modern-message.ts';
import type { PlainExchange } from './plain-lane.ts';
import { asModern, toModernError } from './relay-eras.ts';
import { requestIdOf } from './request-id.ts';

/** Never throws: every failure is an answer. */
export function answerCall(exchange: PlainExchange): void {
  new PlainCall(exchange).begin(exchange);
}

class PlainCall implements ByteListener, Abortable {
  /** Undefined from its end on, so that nothing that knew of it keeps the whole request. */
  #exchange: PlainExchange | undefined;
  #giveUp: ((reason: Error) => void) | undefined;
  #leave: (() => void) | undefined;
  #silence: Silence | undefined;

  constructor(exchange: PlainExchange) {
    this.#exchange = exchange;
  }

  begin({ offer, request, response, principal, inFlight, session, signs }: PlainExchange): void {
    response.on('close', () => {
      // After each answer, too: an error, which notes where it was made, costs as much as the rest of the gateway.
      if (this.#exchange) this.abort(new Error('the client closed the connection'));
    });
    this.#leave = inFlight.enter(session, request.id, this);
    this.#silence = signs.begin(response);
    const requestId = requestIdOf(response);
    const more = told(request.params, (event) => this.#say(event));
    try {
      const { meta, onProgress } = more;
      const giveUp = offer.pass?.(request.params, { principal, requestId, onProgress, meta, listener: this });
      if (!giveUp) void this.#ask({ principal, requestId, ...more });
      else if (this.#exchange) this.#giveUp = giveUp;
    } catch (error) {
      this.failed(error);
    }
  }

  abort(reason: Error): void {
    this.#giveUp?.(reason);
  }

  bytes(given: ByteResult): void {
    const { result, hasType, hasServerInfo, isOddlyStructured } = given;
    const isModern = this.#exchange?.request.isModern ?? false;
    const isOdd = isOddlyStructured || (!isModern && (hasType || hasServerInfo));
    if (isOdd) this.value(JSON.parse(fromByteText(result)) as JsonObject);
    else this.#answer(({ offer }) => `"result":${isModern ? asModern(given, serverInfoOf(offer)) : result}`);
  }

  value(given: JsonObject): void {
    this.#answer(({ offer, request }) => {
      const result = request.isModern ? forModern(offer, request.method, given) : forLegacy(given);
      return `"result":${toByteText(JSON.stringify(result))}`;
    });
  }

  failed(thrown: unknown): void {
    const error = toRpcError(thrown);
    this.#answer(({ request }) => {
      const said = request.isModern ? toModernError(error) : error;
      return `"error":${toByteText(JSON.stringify(said))}`;
    });
  }

  /** As whoever waits for it. */
  async #ask(context: Omit<CallContext, 'signal'>): Promise<void> {
    const exchange = this.#exchange;
    if (!exchange) return;
    const gone = new AbortController();
    this.#giveUp = (reason) => gone.abort(reason);
    try {
      this.value(await exchange.offer.call(exchange.request.params, { ...context, signal: gone.signal }));
    } catch (error) {
      this.failed(error);
    }
  }

  #say(event: ByteText): void {
    if (this.#exchange) writeEvent(this.#exchange.response, event);
  }

  /** To whoever still waits, once. */
  #answer(member: (exchange: PlainExchange) => ByteText): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    const { request, response, signs } = exchange;
    const body = `{${member(exchange)},"jsonrpc":"2.0","id":${toByteText(JSON.stringify(request.id))}}`;
    this.#exchange = undefined;
    this.#giveUp = undefined;
    this.#leave?.();
    signs.end(this.#silence);
    reply(response, body);
  }
}

/** What a request says of itself, and how it hears of progress, if it wants to. */
export function told({ _meta }: JsonObject, say: (event: ByteText) => void): Pick<CallContext, 'meta' | 'onProgress'> {
  if (!isObject(_meta)) return {};
  const meta = _meta as JsonObject;
  const { progressToken } = meta;
  if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return { meta };
  const onProgress = (progress: JsonObject) => {
    const params = { ...progress, progressToken };
    say(toByteText(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })));
  };
  return { meta, onProgress };
}

const serverInfoOf = ({ identity }: PlainExchange['offer']) => membersOf({ [META_SERVER_INFO]: { ...identity } });
