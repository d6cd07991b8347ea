/** What a JSON-RPC message is, read from its shape alone: the bytes come from servers that nobody vetted. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { isAsDeepAs } from '../stdx/json-depth.ts';

export type RpcMessage =
  | { readonly kind: 'result'; readonly id: unknown; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: unknown; readonly error: unknown }
  /** An answer that nobody could write again. */
  | { readonly kind: 'too-deep'; readonly id: unknown }
  | { readonly kind: 'request'; readonly id: string | number; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject };

/** Writing JSON, and much else that is done to it, takes stack for each level. */
export const MESSAGE_DEPTH_MAX = 1_000;

/** Undefined for anything that is not one JSON-RPC 2.0 message, such as a log line that happens to be JSON, and for calls that are nested too deeply. */
export function readRpcMessage(value: unknown): RpcMessage | undefined {
  if (!isObject(value) || value.jsonrpc !== '2.0') return undefined;
  const { id, method } = value;
  const isTooDeep = isAsDeepAs(value, MESSAGE_DEPTH_MAX);
  if (typeof method === 'string') return isTooDeep ? undefined : readCall(id, method, value.params);
  if (isTooDeep) return { kind: 'too-deep', id };
  if ('result' in value) return { kind: 'result', id, result: value.result };
  if ('error' in value) return { kind: 'error', id, error: value.error };
  return undefined;
}

function readCall(id: unknown, method: string, rawParams: unknown): RpcMessage | undefined {
  const params = isJsonObject(rawParams) ? rawParams : {};
  if (id === undefined) return { kind: 'notification', method, params };
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  return { kind: 'request', id, method, params };
}

/** Sound for anything that came out of `JSON.parse`, which makes nothing but JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isObject(value);
}

/** Tokens are ours: a caller's own would reach other callers of the same process. */
export function withProgressToken(params: JsonObject, token: number | undefined): JsonObject {
  const meta = params._meta;
  const hasOther = isJsonObject(meta) && 'progressToken' in meta;
  if (token === undefined && !hasOther) return params;
  const { progressToken: _, ...kept } = isJsonObject(meta) ? meta : {};
  return { ...params, _meta: token === undefined ? kept : { ...kept, progressToken: token } };
}
