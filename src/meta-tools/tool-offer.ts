/** What a front door serves, whatever its protocol: who it is, a list of tools, and calls to them. */
import { explain, GatewayError, toGatewayError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { nearest } from '../stdx/nearest.ts';
import { short } from './argument-check.ts';
import type { Identity } from './identity.ts';
import type { CallContext, GiveUp, PassedBy } from './parts.ts';
import { didYouMean, someNames } from './some-names.ts';

export interface ToolOffer {
  readonly identity: Identity;
  readonly instructions: string | undefined;
  /** How long a client may keep the list, in milliseconds; 0 says nothing about it. */
  readonly listTtlMs: number;
  /** `params` and result as MCP has them. */
  list(params: JsonObject, context: CallContext): Promise<JsonObject>;
  call(params: JsonObject, context: CallContext): Promise<JsonObject>;
  /** `call` for whoever takes results as bytes. Undefined, and nothing is begun, where only `call` will do, and absent where it always is so. */
  pass?(params: JsonObject, by: PassedBy): GiveUp | undefined;
  /** What there is besides tools; absent is nothing. */
  readonly others?: OtherOffer | undefined;
  /** Told when the lists may be others than before; what it returns ends that. Absent where they stay the same. */
  readonly onChange?: ((listener: () => void) => () => void) | undefined;
}

export interface OtherOffer {
  /** As MCP has them, without those of tools. */
  readonly capabilities: JsonObject;
  /** One of `OTHER_METHODS` that the capabilities stand for. */
  request(method: string, params: JsonObject, context: CallContext): Promise<JsonObject>;
}

/** By the capability that stands for them. */
export const OTHER_METHODS: Readonly<Record<string, readonly string[]>> = {
  prompts: ['prompts/list', 'prompts/get'],
  resources: ['resources/list', 'resources/templates/list', 'resources/read'],
  completions: ['completion/complete'],
};

/** With `announces` it says that it tells of changed lists. */
export function capabilitiesOf({ others }: ToolOffer, announces: boolean): Record<string, { listChanged?: true }> {
  const changing = announces ? { listChanged: true as const } : {};
  const more = Object.keys(others?.capabilities ?? {}).map((name) => [name, name === 'completions' ? {} : changing]);
  return { tools: changing, ...Object.fromEntries(more) };
}

/** The token is between client and gateway; the bridge has its own with the server. */
export function withoutProgressToken({ _meta, ...params }: JsonObject): JsonObject {
  if (!isObject(_meta)) return params;
  const { progressToken: _, ...meta } = _meta as JsonObject;
  return Object.keys(meta).length > 0 ? { ...params, _meta: meta } : params;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Json;
}

/** An upstream's own JSON-RPC error as it came; what our table says of every other one. */
export function toRpcError(thrown: unknown): RpcError {
  const error = toGatewayError(thrown);
  const rpc = error.data?.rpc;
  if (isObject(rpc)) return rpc as unknown as RpcError;
  const { retryAfterMs } = error;
  const later: JsonObject = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { code: error.class.rpcCode, message: explain(error), data: { code: error.code, ...later } };
}

/** Names of tools in an error; a server may have hundreds. */
const NAMED_MAX = 20;

export function unknownTool(name: string, known: readonly string[], hint?: string): GatewayError {
  const details = hint === undefined ? {} : { hint };
  const tools = known.length > 0 ? `the tools are ${someNames(known, NAMED_MAX)}` : 'there are no tools';
  const message = `Unknown tool ${short(name)}; ${tools}${didYouMean(nearest(name, known))}`;
  return new GatewayError('TOOL_UNKNOWN', message, details);
}
