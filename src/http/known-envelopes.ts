/** Clients of 2026-07-28 declare themselves with each request, in the same words: who was found sound once is so again. */
import {
  META_CLIENT_CAPABILITIES,
  META_LOG_LEVEL,
  META_PROTOCOL_VERSION,
  MODERN_VERSION,
} from '../bridge/protocol-versions.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { envelopeOf } from './relay-eras.ts';
import { namedHeaders } from './relay-headers.ts';
import { isAskable } from './relay-session.ts';

/** What a client declares of itself. */
export interface Envelope {
  /** For modern servers. */
  readonly declared: JsonObject;
  readonly logLevel: Json | undefined;
  /** Servers may ask it. */
  readonly isAskable: boolean;
}

/** How the SDK judges a request of 2026-07-28. */
export type Classify = typeof import('@modelcontextprotocol/server').classifyInboundRequest;

const KEPT_MAX = 64;
const LENGTH_MAX = 4_096;

export class KnownEnvelopes {
  readonly #known = new Map<string, Envelope>();
  #classify: Classify | undefined;

  /** To be called when the SDK is loaded; nothing is known before. */
  judgeBy(classify: Classify): void {
    this.#classify = classify;
  }

  /** By the members of `_meta` that matter, as they are written. Undefined for what is to be judged by itself. */
  find(text: string, parse: () => JsonObject): Envelope | undefined {
    const known = this.#known.get(text);
    if (known || !this.#classify || text.length > LENGTH_MAX) return known;
    const meta = parse();
    if (!isSound(meta, this.#classify)) return undefined;
    const envelope = toEnvelope(meta);
    if (this.#known.size >= KEPT_MAX) this.#known.clear();
    this.#known.set(text, envelope);
    return envelope;
  }
}

function isSound(_meta: JsonObject, classify: Classify): boolean {
  if (_meta[META_PROTOCOL_VERSION] !== MODERN_VERSION) return false;
  const body = { jsonrpc: '2.0', id: 0, method: 'tools/call', params: { name: '', _meta } };
  const headers = { 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': body.method };
  const route = classify({ httpMethod: 'POST', body, ...namedHeaders(headers) });
  return route.kind === 'modern' && route.messageKind === 'request';
}

function toEnvelope(meta: JsonObject): Envelope {
  const { [META_LOG_LEVEL]: logLevel, [META_CLIENT_CAPABILITIES]: capabilities } = meta;
  return { declared: envelopeOf(meta), logLevel, isAskable: isAskable(capabilities) };
}
