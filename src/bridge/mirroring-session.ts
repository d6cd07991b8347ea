/** A session with a modern server over HTTP: arguments that its tools want as headers too are sent as such. */
import { GatewayError } from '../errors.ts';
import { abortable } from '../stdx/abort.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { SingleFlight } from '../stdx/single-flight.ts';
import { headersOf, type ParamHeaders, readParamHeaders } from './param-headers.ts';
import { rpcCodeOf } from './server-errors.ts';
import { Session } from './session.ts';
import type { CallOptions } from './upstream-session.ts';

const HEADER_MISMATCH = -32020;
const LIST_MS_MAX = 15_000;
const TOOLS_MAX = 10_000;

export class MirroringSession extends Session {
  readonly #params = new Map<string, ParamHeaders>();
  readonly #listings = new SingleFlight<'tools', unknown>();
  #isListed = false;

  override async request(method: string, params: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    if (method === 'tools/list') return this.#learn(await super.request(method, params, options));
    if (method !== 'tools/call') return super.request(method, params, options);
    try {
      return await this.#call(params, options);
    } catch (error) {
      if (rpcCodeOf(error) !== HEADER_MISMATCH) throw error;
      // Refused before anything was done, most likely because the tool has changed since it was listed.
      this.#params.clear();
      this.#isListed = false;
      return this.#call(params, options);
    }
  }

  async #call(params: JsonObject, options: CallOptions): Promise<JsonObject> {
    const headers = await this.#headersFor(params, options.signal);
    return super.request('tools/call', params, headers ? { ...options, headers } : options);
  }

  async #headersFor(params: JsonObject, signal: AbortSignal | undefined): Promise<Record<string, string> | undefined> {
    const { name } = params;
    if (typeof name !== 'string') return undefined;
    if (!this.#params.has(name) && !this.#isListed) await abortable(this.#list(), signal);
    const known = this.#params.get(name);
    if (!known) return undefined;
    if ('fault' in known) throw unusable(name, known.fault);
    return known.declared.length > 0 ? headersOf(known.declared, params.arguments) : undefined;
  }

  /** For whoever calls what was not listed on this connection. A server that cannot list gets the call as it is. */
  async #list(): Promise<void> {
    await this.#listings.run('tools', () => this.listTools({ timeoutMs: LIST_MS_MAX }).catch(() => {}));
    this.#isListed = true;
  }

  /** The result without the tools that declare their headers wrongly, which a client has to leave out. */
  #learn(result: JsonObject): JsonObject {
    const { tools } = result;
    if (!Array.isArray(tools)) return result;
    const usable = tools.filter((tool) => this.#isUsable(tool));
    return usable.length === tools.length ? result : { ...result, tools: usable };
  }

  #isUsable(tool: Json): boolean {
    if (!isObject(tool) || typeof tool.name !== 'string') return true;
    if (this.#params.size >= TOOLS_MAX) this.#params.clear();
    const params = isObject(tool.inputSchema) ? readParamHeaders(tool.inputSchema as JsonObject) : { declared: [] };
    this.#params.set(tool.name, params);
    return 'declared' in params;
  }
}

function unusable(tool: string, fault: string): GatewayError {
  return new GatewayError('PROTOCOL_VIOLATION', `The definition of tool "${tool}" cannot be used: ${fault}`, {
    hint: 'This is a fault of the server; report it to its authors.',
  });
}
