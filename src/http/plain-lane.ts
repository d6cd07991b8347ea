/**
 * Answers plain requests (one JSON-RPC message, known method, usual headers; those of 2026-07-28 are read by `modern-message.ts`)
 * straight from the tool offer: no web streams, no schema checks of what only passes through. Everything else is the SDK's; a
 * test holds the answers of both lanes equal.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import {
  hasEnvelope,
  initializeResult,
  isInitialize,
  isRequestId,
  LEGACY_VERSIONS,
} from '../meta-tools/legacy-opening.ts';
import { forLegacy } from '../meta-tools/legacy-result.ts';
import { type ToolOffer, toRpcError } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { toByteText } from '../stdx/json-cursor.ts';
import { reply, writeEvent } from './byte-reply.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { SignsOfLife } from './keep-alive.ts';
import { discovery, forModern } from './modern-message.ts';
import { answerCall, told } from './plain-call.ts';
import { toModernError } from './relay-eras.ts';
import { requestIdOf } from './request-id.ts';

type Method = 'initialize' | 'ping' | 'tools/list' | 'tools/call' | 'server/discover';

export interface PlainRequest {
  readonly id: string | number;
  readonly method: Method;
  readonly params: JsonObject;
  readonly isModern: boolean;
}

export type PlainMessage =
  | { readonly kind: 'request'; readonly request: PlainRequest }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject };

const METHODS: ReadonlySet<string> = new Set<Method>(['initialize', 'ping', 'tools/list', 'tools/call']);

/** Whether the headers are those of a legacy client; looked at before the body is read. */
export function hasPlainHeaders(headers: IncomingHttpHeaders): boolean {
  const version = headers['mcp-protocol-version'];
  const accept = headers.accept ?? '';
  return (
    (version === undefined || (typeof version === 'string' && LEGACY_VERSIONS.includes(version))) &&
    headers['mcp-method'] === undefined &&
    accept.includes('application/json') &&
    accept.includes('text/event-stream') &&
    /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')
  );
}

/** Undefined for whatever is not plainly one of the messages that this lane knows. */
export function readPlainMessage(body: unknown): PlainMessage | undefined {
  if (!isObject(body) || body.jsonrpc !== '2.0' || typeof body.method !== 'string') return undefined;
  const params = body.params ?? {};
  if (!isObject(params) || hasEnvelope(params)) return undefined;
  const { id, method } = body as { id?: Json; method: string };
  if (id === undefined) {
    const isKnown = method === 'notifications/initialized' || method === 'notifications/cancelled';
    return isKnown ? { kind: 'notification', method, params: params as JsonObject } : undefined;
  }
  if (!isRequestId(id) || !METHODS.has(method)) return undefined;
  if (method === 'initialize' && !isInitialize(params)) return undefined;
  if (method === 'tools/call' && typeof params.name !== 'string') return undefined;
  return { kind: 'request', request: { id, method: method as Method, params: params as JsonObject, isModern: false } };
}

export interface PlainExchange {
  readonly offer: ToolOffer;
  readonly request: PlainRequest;
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly inFlight: CallsInFlight;
  /** From the `Mcp-Session-Id` header: tells apart the request ids of different clients. */
  readonly session: string | undefined;
  /** A call that is silent for long becomes a stream that says so, for whoever cuts idle connections in between. */
  readonly signs: SignsOfLife;
}

/** Answers as JSON, or as an event stream where there was progress or the call is long. Never rejects. */
export async function answerPlainly(exchange: PlainExchange): Promise<void> {
  const { offer, request, response, principal, inFlight, session } = exchange;
  if (request.method === 'tools/call') return answerCall(exchange);
  const asked = inFlight.begin(session, request.id);
  const onGone = () => asked.abort(new Error('the client closed the connection'));
  response.once('close', onGone);
  try {
    const requestId = requestIdOf(response);
    const { signal } = asked;
    const context = { principal, requestId, signal, ...told(request.params, (event) => writeEvent(response, event)) };
    const result = await perform(offer, request, context);
    if (request.method === 'initialize') response.setHeader('mcp-session-id', inFlight.newSession());
    const sent = request.isModern ? forModern(offer, request.method, result) : forLegacy(result);
    send(response, { result: sent, jsonrpc: '2.0', id: request.id });
  } catch (error) {
    const rpc = request.isModern ? toModernError(toRpcError(error)) : toRpcError(error);
    send(response, { jsonrpc: '2.0', id: request.id, error: rpc as unknown as Json });
  } finally {
    response.off('close', onGone);
    asked.end();
  }
}

type Context = Parameters<ToolOffer['call']>[1];

async function perform(offer: ToolOffer, { method, params }: PlainRequest, context: Context): Promise<JsonObject> {
  if (method === 'initialize') return initializeResult(offer, params);
  if (method === 'server/discover') return discovery(offer);
  return method === 'tools/list' ? offer.list(params, context) : {};
}

const send = (response: ServerResponse, message: JsonObject) => reply(response, toByteText(JSON.stringify(message)));
