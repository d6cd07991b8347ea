/**
 * Answers the plain calls of legacy clients on standard input straight from the tool offer, as the plain lane of HTTP does; all other
 * lines are the SDK's, as they came. A test holds the answers of both equal.
 */
import type { Writable } from 'node:stream';
import type { ByteListener, ByteResult } from '../bridge/upstream-session.ts';
import type { Principal } from '../policy/principal.ts';
import { Chain, Link } from '../stdx/chain.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { fromByteText, toByteText } from '../stdx/json-cursor.ts';
import { LineSplitter } from '../stdx/line-splitter.ts';
import { hasEnvelope, isRequestId } from './legacy-opening.ts';
import { forLegacy } from './legacy-result.ts';
import type { CallContext, GiveUp } from './parts.ts';
import type { StdioWriter } from './stdio-writer.ts';
import { type ToolOffer, toRpcError } from './tool-offer.ts';

export interface StdioLaneOptions {
  readonly offer: ToolOffer;
  readonly principal: Principal;
  readonly writer: StdioWriter;
  /** Where the SDK reads. */
  readonly others: Writable;
  readonly lineBytesMax: number;
}

export class StdioLane {
  readonly #options: StdioLaneOptions;
  readonly #splitter: LineSplitter;
  readonly #onLine = (line: Buffer) => this.#take(line);
  readonly #calls = new Chain<LaneCall>();
  #isOpen = false;
  #onAnswered = () => {};

  constructor(options: StdioLaneOptions) {
    this.#options = options;
    this.#splitter = new LineSplitter(options.lineBytesMax);
  }

  /** From now on it is known that the client is a legacy one. Until then it takes nothing. */
  open(): void {
    this.#isOpen = true;
  }

  /** False once a line is longer than it may be: then stop. */
  push(chunk: Buffer): boolean {
    return this.#splitter.push(chunk, this.#onLine);
  }

  /** Resolves when every call that has come so far was answered or cancelled. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswered = resolve;
      if (this.#calls.size === 0) resolve();
    });
  }

  /** Gives up what is under way. */
  close(): void {
    this.#isOpen = false;
    for (const call of this.#calls.all()) this.#cancel(call);
  }

  #take(line: Buffer): void {
    const message = this.#isOpen ? parse(line) : undefined;
    const call = message && readPlainCall(message);
    if (call) this.#answer(call);
    else if (!message || !this.#isCancelled(message)) this.#options.others.write(Buffer.concat([line, LINE_FEED]));
  }

  #isCancelled({ method, id, params }: JsonObject): boolean {
    if (method !== 'notifications/cancelled' || id !== undefined || !isObject(params)) return false;
    const { requestId } = params;
    const meant = this.#calls.all().filter(({ id: own }) => own === requestId);
    const [last] = meant.slice(-1);
    if (last) this.#cancel(last);
    return last !== undefined;
  }

  /** Whoever cancels is not answered. */
  #cancel(call: LaneCall): void {
    this.#forget(call);
    call.giveUp(new Error('the client cancelled the request'));
  }

  /** As bytes where that can be, for results that only pass through are most of what there is. */
  #answer({ id, params }: PlainCall): void {
    const { offer, principal } = this.#options;
    const call = new LaneCall(id, this);
    this.#calls.add(call);
    const more = params._meta === undefined ? undefined : metaOf(params, (message) => call.send(message));
    const by = more ? { principal, listener: call, ...more } : { principal, listener: call };
    try {
      const giveUp = offer.pass?.(params, by);
      if (giveUp) call.giveUp = giveUp;
      else void this.#ask(call, params, more);
    } catch (error) {
      call.failed(error);
    }
  }

  async #ask(call: LaneCall, params: JsonObject, more: Told | undefined): Promise<void> {
    const { offer, principal } = this.#options;
    const gone = new AbortController();
    call.giveUp = (reason) => gone.abort(reason);
    try {
      call.value(await offer.call(params, { principal, signal: gone.signal, ...more }));
    } catch (error) {
      call.failed(error);
    }
  }

  /** Of a call that still waits for its answer; others are not heard any more. */
  say(call: LaneCall, line: string): void {
    if (call.isOpen) this.#options.writer.say(line);
  }

  answer(call: LaneCall, line: string, encoding: 'latin1' | 'utf8'): void {
    if (call.isOpen) this.#options.writer.answer(call.id, line, encoding);
    this.#forget(call);
  }

  #forget(call: LaneCall): void {
    call.isOpen = false;
    this.#calls.remove(call);
    if (this.#calls.size === 0) this.#onAnswered();
  }
}

/** Told what comes of it, and says so as the client may read it. */
class LaneCall extends Link implements ByteListener {
  readonly id: string | number;
  /** Nobody has answered or cancelled it. */
  isOpen = true;
  giveUp: GiveUp = () => {};
  readonly #lane: Pick<StdioLane, 'say' | 'answer'>;

  constructor(id: string | number, lane: Pick<StdioLane, 'say' | 'answer'>) {
    super();
    this.id = id;
    this.#lane = lane;
  }

  bytes(given: ByteResult): void {
    const { result, hasType, hasServerInfo, isOddlyStructured } = given;
    if (hasType || hasServerInfo || isOddlyStructured) this.value(JSON.parse(fromByteText(result)) as JsonObject);
    else {
      const id = toByteText(JSON.stringify(this.id));
      this.#lane.answer(this, `{"result":${result},"jsonrpc":"2.0","id":${id}}\n`, 'latin1');
    }
  }

  value(result: JsonObject): void {
    this.#answer({ result: forLegacy(result), jsonrpc: '2.0', id: this.id });
  }

  failed(error: unknown): void {
    this.#answer({ jsonrpc: '2.0', id: this.id, error: toRpcError(error) as unknown as Json });
  }

  /** Before the answer. */
  send(message: JsonObject): void {
    this.#lane.say(this, `${JSON.stringify(message)}\n`);
  }

  #answer(message: JsonObject): void {
    this.#lane.answer(this, `${JSON.stringify(message)}\n`, 'utf8');
  }
}

const LINE_FEED = Buffer.from('\n');

interface PlainCall {
  readonly id: string | number;
  readonly params: JsonObject;
}

/** Undefined for whatever the SDK may refuse, or read otherwise. */
function readPlainCall(message: JsonObject): PlainCall | undefined {
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== '2.0' || method !== 'tools/call' || Object.keys(message).length !== 4) return undefined;
  if (!isRequestId(id) || !isObject(params) || typeof params.name !== 'string') return undefined;
  return hasPlainMeta(params) ? { id, params: params as JsonObject } : undefined;
}

function hasPlainMeta(params: Record<string, unknown>): boolean {
  const { _meta } = params;
  if (_meta === undefined) return true;
  if (!isObject(_meta) || hasEnvelope(params)) return false;
  const { progressToken } = _meta;
  return progressToken === undefined || isRequestId(progressToken as Json);
}

type Told = Pick<CallContext, 'meta' | 'onProgress'>;

function metaOf({ _meta }: JsonObject, say: (message: JsonObject) => void): Told {
  if (!isObject(_meta)) return {};
  const meta = _meta as JsonObject;
  const { progressToken } = meta;
  if (progressToken === undefined) return { meta };
  const onProgress = (progress: JsonObject) =>
    say({ method: 'notifications/progress', params: { ...progress, progressToken }, jsonrpc: '2.0' });
  return { meta, onProgress };
}

function parse(line: Buffer): JsonObject | undefined {
  try {
    const message: unknown = JSON.parse(line.toString());
    return isObject(message) ? (message as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
