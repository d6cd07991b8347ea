/** Serves the requests of 2026-07-28: no session, everything that matters with each request, input asked for in results. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { decodeHeaderValue, headerMismatch, readParamHeaders } from '../bridge/param-headers.ts';
import { META_CLIENT_CAPABILITIES, META_LOG_LEVEL, MODERN_VERSION } from '../bridge/protocol-versions.ts';
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import { type RpcError, toRpcError } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import {
  envelopeOf,
  isHeardByModern,
  metaOf,
  REMOVED_METHODS,
  modernStatusOf as statusOf,
  toModernError,
  toModernResult,
  withoutEnvelope,
} from './relay-eras.ts';
import type { HubCall } from './relay-hub.ts';
import type { LegacyRequest, RelayParts } from './relay-legacy.ts';
import { answerListen } from './relay-listen.ts';
import { pagesWanted } from './relay-pages.ts';
import type { ParkedCalls, RunningCall } from './relay-parked.ts';
import { errorMessage, plainReply, type Reply, resultMessage } from './relay-reply.ts';
import { isAskable } from './relay-session.ts';
import type { RelayFacts } from './relay-target.ts';
import { requestIdOf } from './request-id.ts';

export interface ModernParts extends RelayParts {
  readonly parked: ParkedCalls;
}

export interface ModernExchange {
  readonly request: LegacyRequest;
  readonly headers: IncomingHttpHeaders;
  readonly principal: Principal;
  readonly response: ServerResponse;
}

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const HEADER_MISMATCH = -32020;
const UNSUPPORTED_VERSION = -32022;
/** Where a question of a legacy server can be handed on as a wish for input. */
const MAY_NEED_INPUT: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Answers one request. Never rejects. */
export async function answerModern(parts: ModernParts, exchange: ModernExchange): Promise<void> {
  const { request, response } = exchange;
  const reply = plainReply(response);
  const refusal = refusalOf(request, exchange.headers);
  if (refusal) return reply.finish(errorMessage(request.id, refusal), statusOf(refusal));
  const gone = new AbortController();
  const onClose = () => gone.abort(new Error('the client closed the connection'));
  response.once('close', onClose);
  try {
    if (request.method === 'subscriptions/listen') {
      await answerListen(parts, { ...exchange, reply, gone: gone.signal });
      return;
    }
    const facts = await parts.target.facts(gone.signal);
    const mismatch = paramMismatch(parts, exchange);
    if (mismatch) return reply.finish(errorMessage(request.id, mismatch), statusOf(mismatch));
    const result = await perform(parts, exchange, { facts, reply, signal: gone.signal });
    reply.finish(resultMessage(request.id, toModernResult(request.method, result, facts)));
  } catch (thrown) {
    const error = toModernError(toRpcError(thrown));
    reply.finish(errorMessage(request.id, error), statusOf(error));
  } finally {
    response.off('close', onClose);
  }
}

/** What is wrong with a request before anybody looks at what it asks for. */
function refusalOf({ method, params }: LegacyRequest, headers: IncomingHttpHeaders): RpcError | undefined {
  const version = metaOf(params)['io.modelcontextprotocol/protocolVersion'];
  if (version !== MODERN_VERSION) {
    const data = { supported: [MODERN_VERSION], requested: version ?? null };
    return { code: UNSUPPORTED_VERSION, message: `Unsupported protocol version: ${String(version)}`, data };
  }
  const mismatch = namesMismatch({ method, params }, headers);
  if (mismatch !== undefined) return disagreement(mismatch);
  if (!REMOVED_METHODS.has(method)) return undefined;
  return { code: METHOD_NOT_FOUND, message: `Method not found: ${method} is not part of ${MODERN_VERSION}` };
}

const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

function namesMismatch(
  { method, params }: Pick<LegacyRequest, 'method' | 'params'>,
  headers: IncomingHttpHeaders,
): string | undefined {
  if (headers['mcp-protocol-version'] === undefined) return 'the MCP-Protocol-Version header is missing';
  const named = headers['mcp-method'];
  if (named === undefined) return 'the Mcp-Method header is missing';
  if (named !== method) return `the Mcp-Method header names ${String(named)}, the body ${method}`;
  const field = NAMED_BY[method];
  const wanted = field === undefined ? undefined : params[field];
  if (typeof wanted !== 'string') return undefined;
  const given = headers['mcp-name'];
  if (typeof given !== 'string') return 'the Mcp-Name header is missing';
  return decodeHeaderValue(given) === wanted ? undefined : `the Mcp-Name header names ${given}, the body ${wanted}`;
}

const disagreement = (how: string): RpcError => ({
  code: HEADER_MISMATCH,
  message: `Headers and body disagree: ${how}`,
});

/** Whoever routes by headers must not be told other arguments than the server. */
function paramMismatch({ target }: ModernParts, { request, headers }: ModernExchange): RpcError | undefined {
  const { method, params } = request;
  if (method !== 'tools/call' || typeof params.name !== 'string') return undefined;
  const schema = target.inputSchema(params.name);
  const wanted = schema ? readParamHeaders(schema) : undefined;
  const declared = wanted && 'declared' in wanted ? wanted.declared : [];
  const how = headerMismatch(declared, params.arguments, headers);
  return how === undefined ? undefined : disagreement(how);
}

interface Performing {
  readonly facts: RelayFacts;
  readonly reply: Reply;
  readonly signal: AbortSignal;
}

async function perform(parts: ModernParts, exchange: ModernExchange, performing: Performing): Promise<JsonObject> {
  const { method, params } = exchange.request;
  const { facts } = performing;
  if (method === 'server/discover') return discovery(facts);
  const capabilities = metaOf(params)[META_CLIENT_CAPABILITIES];
  if (facts.isModern || !MAY_NEED_INPUT.has(method) || !isAskable(capabilities))
    return forward(parts, exchange, performing);
  return perhapsParked(parts, exchange, { ...performing, capabilities: capabilities as JsonObject });
}

function discovery({ capabilities, instructions }: RelayFacts): JsonObject {
  return {
    supportedVersions: [MODERN_VERSION],
    capabilities,
    ...(instructions === undefined ? {} : { instructions }),
  };
}

function perhapsParked(
  { parked, ...parts }: ModernParts,
  exchange: ModernExchange,
  { signal, capabilities, ...performing }: Performing & { readonly capabilities: JsonObject },
): Promise<JsonObject> {
  const { principal, request } = exchange;
  const { method, params } = request;
  const { requestState, inputResponses, ...plain } = params;
  const key = { principal: principal.id, method, name: String(params.name ?? params.uri) };
  const listener = { tell: teller(exchange, performing.reply) };
  if (typeof requestState === 'string') {
    const responses = isObject(inputResponses) ? (inputResponses as JsonObject) : {};
    const resumed = parked.resume({ key, state: requestState, responses }, listener, signal);
    if (!resumed) throw unknownState();
    return resumed;
  }
  const run = async (running: RunningCall) => {
    const asked = { ...exchange, request: { ...request, params: plain } };
    try {
      return await forward(parts, asked, { ...performing, signal: running.signal, running });
    } catch (error) {
      const wish = pagesWanted(error, { capabilities, inputResponses });
      if (wish) return wish;
      throw error;
    }
  };
  return parked.begin({ ...key, capabilities, run }, listener, signal);
}

interface Forwarding extends Performing {
  readonly running?: RunningCall;
}

async function forward(
  { target, hub }: RelayParts,
  exchange: ModernExchange,
  { reply, signal, running }: Forwarding,
): Promise<JsonObject> {
  const { principal, request } = exchange;
  const meta = metaOf(request.params);
  const tell = running?.tell ?? teller(exchange, reply);
  const { [META_LOG_LEVEL]: level } = meta;
  const logLevel = typeof level === 'string' ? level : undefined;
  const call: HubCall = { principal: principal.id, instanceOf: running?.instance, logLevel, tell };
  let leave = () => {};
  const onUpstream = (upstream: UpstreamSession) => {
    leave();
    leave = hub.enter(upstream, call);
  };
  const wantsProgress = meta.progressToken !== undefined;
  const onProgress = (progress: JsonObject) => tell('notifications/progress', progress);
  const requestId = requestIdOf(exchange.response);
  const context = { principal, requestId, signal, ...(wantsProgress ? { onProgress } : {}) };
  const behalf = running && { session: running.instance, client: running.client };
  try {
    const params = withoutEnvelope(request.params);
    return await target.request({
      method: request.method,
      params,
      context,
      behalf,
      envelope: envelopeOf(meta),
      onUpstream,
    });
  } finally {
    leave();
  }
}

/** Progress under the caller's own token; log messages only as far as it asked for them. */
function teller({ request }: ModernExchange, reply: Reply): HubCall['tell'] {
  const { progressToken, [META_LOG_LEVEL]: level } = metaOf(request.params);
  return (method, params) => {
    if (!isHeardByModern(method, params, level)) return;
    const isProgress = method === 'notifications/progress';
    const own: JsonObject = isProgress ? { ...params, progressToken: progressToken ?? null } : params;
    reply.send({ jsonrpc: '2.0', method, params: own });
  };
}

function unknownState(): GatewayError {
  const message = 'Invalid params: the requestState is unknown, was used, or has expired';
  return new GatewayError('UPSTREAM_ERROR', message, { data: { rpc: { code: INVALID_PARAMS, message } } });
}
