/** What a result or error of one era must be changed by to be one of the other; nothing else of it is touched. */
import {
  ENVELOPE_KEYS,
  META_CLIENT_CAPABILITIES,
  META_LOG_LEVEL,
  META_SERVER_INFO,
} from '../bridge/protocol-versions.ts';
import type { ByteResult } from '../bridge/upstream-session.ts';
import type { RpcError } from '../meta-tools/tool-offer.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { ByteText } from '../stdx/json-cursor.ts';
import { insertMembers, joinMembers } from '../stdx/json-members.ts';
import type { RelayFacts } from './relay-target.ts';

export const META_SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

/** Methods that 2026-07-28 has taken away; whoever calls them there gets METHOD_NOT_FOUND. */
export const REMOVED_METHODS: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** Results that 2026-07-28 wants to say of themselves how long they may be kept. */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

export function metaOf(params: JsonObject): JsonObject {
  return isObject(params._meta) ? (params._meta as JsonObject) : {};
}

/** The parameters that travel on: progress token and envelope are between client and gateway, everything else stays. */
export function withoutEnvelope(params: JsonObject): JsonObject {
  const { _meta, ...rest } = params;
  if (!isObject(_meta)) return params;
  const between = ['progressToken', ...ENVELOPE_KEYS];
  const kept = Object.entries(_meta as JsonObject).filter(([key]) => !between.includes(key));
  return kept.length > 0 ? { ...rest, _meta: Object.fromEntries(kept) } : rest;
}

/** What a modern caller says of itself, for a modern server. */
export function envelopeOf(meta: JsonObject): JsonObject {
  const said = [META_CLIENT_CAPABILITIES, META_LOG_LEVEL].filter((key) => meta[key] !== undefined);
  return Object.fromEntries(said.map((key) => [key, meta[key] ?? null]));
}

/** For a legacy client: only what a modern server added is taken off, and structured content is put into an object. */
export function toLegacyResult(result: JsonObject, { isModern }: RelayFacts): JsonObject {
  if (!isModern) return result;
  const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, _meta, ...rest } = result;
  const { [META_SERVER_INFO]: _info, ...meta } = isObject(_meta) ? (_meta as JsonObject) : {};
  const legacy: JsonObject = Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest;
  const { structuredContent } = legacy;
  if (structuredContent === undefined || isObject(structuredContent)) return legacy;
  return { ...legacy, structuredContent: { result: structuredContent } };
}

/** For a modern client: what is missing of its envelope is added. */
export function toModernResult(
  method: string,
  result: JsonObject,
  { serverInfo }: Pick<RelayFacts, 'serverInfo'>,
): JsonObject {
  const meta = { [META_SERVER_INFO]: serverInfo, ...metaOf(result) };
  const base = { resultType: 'complete', ...result, _meta: meta };
  if (!CACHEABLE.has(method) || base.resultType !== 'complete') return base;
  return { ttlMs: 0, cacheScope: 'private', ...base };
}

/** The same for a result whose bytes pass; `serverInfo` as a member of `_meta`. */
export function asModern({ result, hasType, metaAt, hasServerInfo }: ByteResult, serverInfo: ByteText): ByteText {
  const whole = metaAt > 0 && !hasServerInfo ? insertMembers(result, metaAt, serverInfo) : result;
  const type = hasType ? '' : '"resultType":"complete"';
  return insertMembers(whole, 1, joinMembers(type, metaAt > 0 ? '' : `"_meta":{${serverInfo}}`));
}

const RESOURCE_NOT_FOUND = -32002;
const INVALID_PARAMS = -32602;

/** 2026-07-28 has no code of its own for a resource that is not there. */
export function toModernError(error: RpcError): RpcError {
  return error.code === RESOURCE_NOT_FOUND ? { ...error, code: INVALID_PARAMS } : error;
}

const METHOD_NOT_FOUND = -32601;
const HEADER_MISMATCH = -32020;
const UNSUPPORTED_VERSION = -32022;

/** What an error is answered with over HTTP, while a status can still be said. */
export function modernStatusOf({ code }: RpcError): number {
  if (code === METHOD_NOT_FOUND) return 404;
  return code <= HEADER_MISMATCH && code >= UNSUPPORTED_VERSION ? 400 : 200;
}

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** Whether log messages from one level on are more than those from the other on, which may be unknown. False for what is no level. */
export function tellsMore(level: string, than: string | undefined): boolean {
  const from = LEVELS.indexOf(level);
  return from !== -1 && (than === undefined || from < LEVELS.indexOf(than));
}

/** Clients of 2026-07-28 hear log messages only as far as they ask for them, and know nothing of pages that were visited. */
export function isHeardByModern(method: string, params: JsonObject, level: Json | undefined): boolean {
  return method !== 'notifications/elicitation/complete' && isLoud(method, params, level);
}

/** Older clients hear all that the server sends, until they say from which level on. */
export function isHeardByLegacy(method: string, params: JsonObject, level: string | undefined): boolean {
  return level === undefined || isLoud(method, params, level);
}

function isLoud(method: string, params: JsonObject, level: Json | undefined): boolean {
  if (method !== 'notifications/message') return true;
  const from = LEVELS.indexOf(String(level));
  return from !== -1 && LEVELS.indexOf(String(params.level)) >= from;
}
