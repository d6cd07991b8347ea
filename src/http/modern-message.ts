/** The plain requests of 2026-07-28 at `/mcp`: which they are, and what their results must say. */
import type { IncomingHttpHeaders } from 'node:http';
import { ENVELOPE_KEYS, MODERN_VERSION } from '../bridge/protocol-versions.ts';
import { isRequestId } from '../meta-tools/legacy-opening.ts';
import { capabilitiesOf, type ToolOffer } from '../meta-tools/tool-offer.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { KnownEnvelopes } from './known-envelopes.ts';
import type { PlainRequest } from './plain-lane.ts';
import { metaOf, toModernResult } from './relay-eras.ts';
import { isJson } from './relay-headers.ts';

const METHODS: ReadonlySet<unknown> = new Set(['server/discover', 'tools/list', 'tools/call']);
const MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
const PARAMS: ReadonlySet<string> = new Set(['_meta', 'name', 'arguments', 'cursor']);
/** How values of headers begin that are written in another way. */
const ENCODED = '=?';

/** Whether the headers are those of a plain request; looked at before the body is read. */
export function hasModernHeaders(headers: IncomingHttpHeaders): boolean {
  return headers['mcp-protocol-version'] === MODERN_VERSION && METHODS.has(headers['mcp-method']) && isJson(headers);
}

/** Undefined for whatever is not plainly sound: the SDK knows every way in which it can be wrong. */
export function readModernRequest(
  body: unknown,
  headers: IncomingHttpHeaders,
  envelopes: KnownEnvelopes,
): PlainRequest | undefined {
  if (!isObject(body) || body.jsonrpc !== '2.0' || !hasOnly(body, MEMBERS)) return undefined;
  const { id, method, params } = body as { id?: Json; method?: Json; params?: Json };
  if (!isRequestId(id) || method !== headers['mcp-method'] || !isObject(params)) return undefined;
  const given = params as JsonObject;
  if (!hasOnly(given, PARAMS) || !isSoundMeta(metaOf(given), envelopes)) return undefined;
  if (method === 'tools/call' && !isNamed(given, headers)) return undefined;
  return { id, method: method as PlainRequest['method'], params: given, isModern: true };
}

function isNamed({ name }: JsonObject, headers: IncomingHttpHeaders): boolean {
  return typeof name === 'string' && headers['mcp-name'] === name && !name.startsWith(ENCODED);
}

function isSoundMeta(meta: JsonObject, envelopes: KnownEnvelopes): boolean {
  const { progressToken } = meta;
  if (progressToken !== undefined && !isRequestId(progressToken)) return false;
  const text = JSON.stringify(ENVELOPE_KEYS.map((key) => meta[key]));
  return envelopes.find(text, () => meta) !== undefined;
}

const hasOnly = (value: object, keys: ReadonlySet<string>) => Object.keys(value).every((key) => keys.has(key));

export function discovery(offer: ToolOffer): JsonObject {
  const { instructions, onChange } = offer;
  const capabilities = capabilitiesOf(offer, onChange !== undefined);
  return {
    supportedVersions: [MODERN_VERSION],
    capabilities,
    ...(instructions === undefined ? {} : { instructions }),
  };
}

/** As the SDK makes it of what an offer answers. */
export function forModern(offer: ToolOffer, method: string, result: JsonObject): JsonObject {
  const { listTtlMs, identity } = offer;
  const isPublic = method === 'tools/list' && listTtlMs > 0;
  const kept: JsonObject = isPublic ? { ttlMs: listTtlMs, cacheScope: 'public' } : {};
  const whole = method === 'tools/call' ? withText(result) : { ...kept, ...result };
  return toModernResult(method, whole, { serverInfo: { ...identity } });
}

/** Structured content that is no object is said in words too, if nothing else is. */
function withText(result: JsonObject): JsonObject {
  const { structuredContent, content } = result;
  if (structuredContent === undefined || isObject(structuredContent)) return result;
  const blocks = Array.isArray(content) ? content : [];
  if (blocks.some((block) => isObject(block) && block.type === 'text')) return result;
  return { ...result, content: [...blocks, { type: 'text', text: JSON.stringify(structuredContent) }] };
}
