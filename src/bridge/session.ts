/** An upstream session over a peer: adds to each request what its era wants and takes from each result what it means. */
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { ByteText } from '../stdx/json-cursor.ts';
import { membersOf } from '../stdx/json-members.ts';
import { keepListening } from './keep-listening.ts';
import { listPages } from './list-pages.ts';
import { modernMeta } from './negotiate.ts';
import { withRootRounds } from './own-roots.ts';
import { type PassedParams, withMeta as withMetaText } from './passed-params.ts';
import { META_CLIENT_CAPABILITIES } from './protocol-versions.ts';
import { isJsonObject } from './rpc-message.ts';
import type { Incidents, RpcPeer } from './rpc-peer.ts';
import { rpcCodeOf } from './server-errors.ts';
import type {
  AskableClient,
  ByteListener,
  CallOptions,
  PassOptions,
  ServerFacts,
  UpstreamSession,
} from './upstream-session.ts';

const METHOD_NOT_FOUND = -32601;
const NO_ENVELOPE: JsonObject = {};

export interface SessionOptions {
  readonly server: string;
  readonly clientInfo: JsonObject;
  readonly clock: Clock;
  readonly facts: ServerFacts;
  /** What the client in whose name the session is open can do. */
  readonly capabilities?: JsonObject;
  /** Who answers when a modern server asks for roots, where those are ours and not the caller's. */
  readonly rootedClient?: AskableClient | undefined;
}

export class Session implements UpstreamSession {
  readonly facts: ServerFacts;
  /** Where roots are ours, results may be wishes for them. */
  readonly pass: UpstreamSession['pass'];
  readonly #peer: RpcPeer;
  readonly #server: string;
  readonly #clock: Clock;
  readonly #meta: JsonObject | undefined;
  readonly #answersBefore: number;
  readonly #rootedClient: AskableClient | undefined;
  #hearsChanges = false;
  /** What is added to `_meta`, by what the caller declared. */
  readonly #metaTexts = new WeakMap<JsonObject, ByteText>();

  constructor(peer: RpcPeer, { server, clientInfo, clock, facts, capabilities, rootedClient }: SessionOptions) {
    this.facts = facts;
    this.#peer = peer;
    this.#server = server;
    this.#clock = clock;
    this.#answersBefore = peer.answers;
    this.#meta = facts.era === 'modern' ? modernMeta(clientInfo, capabilities) : undefined;
    this.#rootedClient = facts.era === 'modern' ? rootedClient : undefined;
    if (!this.#rootedClient && peer.passesLines)
      this.pass = (method, params, options) => this.#pass(method, params, options);
  }

  get closed(): Promise<Error> {
    return this.#peer.closed;
  }

  /** Calls that the server answered since the handshake. */
  get answers(): number {
    return this.#peer.answers - this.#answersBefore;
  }

  /** What had to be ignored on this connection so far. */
  get incidents(): Readonly<Incidents> {
    return this.#peer.incidents;
  }

  async listTools(options: CallOptions = {}): Promise<ToolDefinition[]> {
    try {
      return await listPages(this.#server, (params) => this.request('tools/list', params, options));
    } catch (error) {
      // A server of prompts or resources alone has no tools; that is no failure.
      if (rpcCodeOf(error) === METHOD_NOT_FOUND && !this.facts.capabilities.tools) return [];
      throw error;
    }
  }

  async request(method: string, params: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    const { envelope, signal } = options;
    const meta = this.#metaFor(envelope);
    const ask = (given: JsonObject) => this.#peer.request(method, meta ? withMeta(given, meta) : given, options);
    const client = this.#rootedClient;
    const result = await (client
      ? withRootRounds(params, { server: this.#server, client, signal, request: ask })
      : ask(params));
    const wish = envelope ? undefined : this.#wishForInput(method, result);
    if (wish) throw wish;
    return result;
  }

  #metaFor(envelope: JsonObject | undefined): JsonObject | undefined {
    if (!this.#meta || !envelope) return this.#meta;
    const declared = envelope[META_CLIENT_CAPABILITIES];
    if (!this.#rootedClient || !isJsonObject(declared)) return { ...this.#meta, ...envelope };
    const { roots = {} } = declared;
    return { ...this.#meta, ...envelope, [META_CLIENT_CAPABILITIES]: { ...declared, roots } };
  }

  notify(method: string, params?: JsonObject): void {
    this.#peer.notify(method, this.#meta ? withMeta(params ?? {}, this.#meta) : params);
  }

  onNotification(listener: (method: string, params: JsonObject) => void): () => void {
    this.#hearChanges();
    return this.#peer.onNotification(listener);
  }

  async close(reason: string): Promise<void> {
    await this.#peer.close(reason);
  }

  /** A modern server says that a list has changed only to who asked to hear it; ends with the connection. */
  #hearChanges(): void {
    if (!this.#meta || this.#hearsChanges) return;
    this.#hearsChanges = true;
    const { capabilities } = this.facts;
    const tells = (kind: string) => isJsonObject(capabilities[kind]) && capabilities[kind].listChanged === true;
    const kinds = ['tools', 'prompts', 'resources'].filter(tells);
    if (kinds.length === 0) return;
    const notifications: JsonObject = Object.fromEntries(kinds.map((kind) => [`${kind}ListChanged`, true]));
    const params = withMeta({ notifications }, this.#meta);
    keepListening({
      clock: this.#clock,
      listen: () => this.#peer.request('subscriptions/listen', params),
      missed: (lasted) => {
        if (!lasted) return;
        for (const kind of kinds) this.#peer.tell(`notifications/${kind}/list_changed`, {});
      },
      closed: this.closed,
    });
  }

  #pass(method: string, params: PassedParams, options: PassOptions): (reason: Error) => void {
    const { listener, envelope, timeoutMs, maxTotalMs, onProgress } = options;
    const answered: ByteListener = {
      bytes: (result) => listener.bytes(result),
      failed: (error) => listener.failed(error),
      value: (result) => {
        const wish = envelope ? undefined : this.#wishForInput(method, result);
        if (wish) listener.failed(wish);
        else listener.value(result);
      },
    };
    const sent = this.#meta ? withMetaText(params, this.#metaText(envelope)) : params;
    return this.#peer.pass(method, sent, { timeoutMs, maxTotalMs, onProgress, listener: answered });
  }

  /** Who asks again declares the same, in the same object. */
  #metaText(envelope: JsonObject = NO_ENVELOPE): ByteText {
    const known = this.#metaTexts.get(envelope);
    if (known !== undefined) return known;
    const text = membersOf(this.#metaFor(envelope === NO_ENVELOPE ? undefined : envelope) ?? {});
    this.#metaTexts.set(envelope, text);
    return text;
  }

  #wishForInput(method: string, result: JsonObject): GatewayError | undefined {
    if (result.resultType !== 'input_required') return undefined;
    const message = `Server "${this.#server}" wants input from the user to go on with ${method}`;
    return new GatewayError('UPSTREAM_ERROR', message, {
      hint: 'Input requests are not passed on here; give the call all that it needs, or use a client that speaks to the server itself.',
      data: { result },
    });
  }
}

/** Ours win: a caller that speaks for another version or client would confuse the server. */
function withMeta(params: JsonObject, meta: JsonObject): JsonObject {
  const given = params._meta;
  return { ...params, _meta: isJsonObject(given) ? { ...given, ...meta } : meta };
}
