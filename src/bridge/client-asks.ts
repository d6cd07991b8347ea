/** The requests that a server makes of the client behind us: each is handed over, and its answer handed back. */
import { GatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { requireDeclared, undeclared } from './declared.ts';
import type { AskableClient, AskedRequest } from './upstream-session.ts';

const INTERNAL_ERROR = -32603;
/** A server may have so many questions open; more are refused, so that it cannot fill our memory. */
const OPEN_MAX = 100;

export class ClientAsks {
  readonly #client: AskableClient | undefined;
  readonly #send: (message: JsonObject) => void;
  readonly #open = new Map<string | number, AbortController>();

  constructor(client: AskableClient | undefined, send: (message: JsonObject) => void) {
    this.#client = client;
    this.#send = send;
  }

  /** True while the client is still to answer: then silence of the server is no fault of its own. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Never rejects. */
  async answer(asked: AskedRequest): Promise<void> {
    const { id, method } = asked;
    if (method === 'ping') return this.#send({ jsonrpc: '2.0', id, result: {} });
    const client = this.#client;
    if (!client) return this.#refuse(id, undeclared(method));
    if (this.#open.size >= OPEN_MAX) return this.#refuse(id, new Error('Too many requests are open'));
    const abort = new AbortController();
    this.#open.set(id, abort);
    try {
      requireDeclared(client.capabilities, asked);
      this.#send({ jsonrpc: '2.0', id, result: await client.request(asked, abort.signal) });
    } catch (error) {
      this.#refuse(id, error);
    } finally {
      this.#open.delete(id);
    }
  }

  /** The server does not want to know any more. */
  cancel(id: unknown): void {
    if (typeof id === 'string' || typeof id === 'number') this.#open.get(id)?.abort();
  }

  abandon(reason: Error): void {
    for (const abort of this.#open.values()) abort.abort(reason);
  }

  #refuse(id: string | number, error: unknown): void {
    this.#send({ jsonrpc: '2.0', id, error: errorOf(error) });
  }
}

/** The client's own JSON-RPC error as it came. */
function errorOf(error: unknown): Json {
  const rpc = error instanceof GatewayError ? error.data?.rpc : undefined;
  if (isObject(rpc)) return rpc as Json;
  return { code: INTERNAL_ERROR, message: error instanceof Error ? error.message : String(error) };
}
