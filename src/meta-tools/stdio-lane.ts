/**
 * Answers the plain calls of legacy clients on standard input straight from the tool offer, as the plain lane of HTTP does; all other
 * lines are the SDK's, as they came. A test holds the answers of both equal.
 */
import type { Writable } from 'node:stream';
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { LineSplitter } from '../stdx/line-splitter.ts';
import { hasEnvelope, isRequestId } from './legacy-opening.ts';
import { forLegacy } from './legacy-result.ts';
import type { CallContext } from './parts.ts';
import { type ToolOffer, toRpcError } from './tool-offer.ts';

export interface StdioLaneOptions {
  readonly offer: ToolOffer;
  readonly principal: Principal;
  readonly output: Writable;
  /** Where the SDK reads. */
  readonly others: Writable;
  readonly lineBytesMax: number;
}

export class StdioLane {
  readonly #options: StdioLaneOptions;
  readonly #splitter: LineSplitter;
  readonly #onLine = (line: Buffer) => this.#take(line);
  readonly #calls = new Map<string | number, AbortController>();
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
    for (const id of [...this.#calls.keys()]) this.#cancel(id);
  }

  #take(line: Buffer): void {
    const message = this.#isOpen ? parse(line) : undefined;
    const call = message && readPlainCall(message);
    if (call) void this.#answer(call);
    else if (!message || !this.#isCancelled(message)) this.#options.others.write(Buffer.concat([line, LINE_FEED]));
  }

  #isCancelled({ method, id, params }: JsonObject): boolean {
    if (method !== 'notifications/cancelled' || id !== undefined || !isObject(params)) return false;
    const { requestId } = params;
    return (typeof requestId === 'string' || typeof requestId === 'number') && this.#cancel(requestId);
  }

  /** False if there is no such call. Whoever cancels is not answered. */
  #cancel(id: string | number): boolean {
    const call = this.#calls.get(id);
    if (call) this.#forget(id);
    call?.abort(new Error('the client cancelled the request'));
    return call !== undefined;
  }

  async #answer({ id, params }: PlainCall): Promise<void> {
    const { offer, principal } = this.#options;
    const call = new AbortController();
    this.#calls.set(id, call);
    const say = (message: JsonObject) => {
      if (this.#calls.get(id) === call) this.#options.output.write(`${JSON.stringify(message)}\n`);
    };
    try {
      const { signal } = call;
      const context =
        params._meta === undefined ? { principal, signal } : { principal, signal, ...metaOf(params, say) };
      say({ result: forLegacy(await offer.call(params, context)), jsonrpc: '2.0', id });
    } catch (error) {
      say({ jsonrpc: '2.0', id, error: toRpcError(error) as unknown as Json });
    }
    if (this.#calls.get(id) === call) this.#forget(id);
  }

  #forget(id: string | number): void {
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#onAnswered();
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

function metaOf({ _meta }: JsonObject, say: (message: JsonObject) => void): Pick<CallContext, 'meta' | 'onProgress'> {
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
