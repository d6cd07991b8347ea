/** Serves the messages of legacy clients, 2024-11-05 to 2025-11-25: sessions, requests both ways, and what comes unasked. */
import type { ServerResponse } from 'node:http';
import { META_CLIENT_CAPABILITIES, META_LOG_LEVEL } from '../bridge/protocol-versions.ts';
import type { UpstreamSession } from '../bridge/upstream-session.ts';
import { LEGACY_VERSIONS } from '../meta-tools/legacy-opening.ts';
import { toRpcError } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import { sharedReply } from './relay-batch.ts';
import { isHeardByLegacy, metaOf, tellsMore, toLegacyResult, withoutEnvelope } from './relay-eras.ts';
import type { HubCall, RelayHub } from './relay-hub.ts';
import { withInputRounds } from './relay-input-rounds.ts';
import { keepSubscribed } from './relay-kept.ts';
import { errorMessage, plainReply, type Reply, resultMessage, sendJson, sessionReply } from './relay-reply.ts';
import type { RelaySession } from './relay-session.ts';
import type { RelaySessions } from './relay-sessions.ts';
import { holdFor } from './relay-subscriptions.ts';
import type { RelayFacts, RelayTarget } from './relay-target.ts';
import { requestIdOf } from './request-id.ts';

export interface RelayParts {
  readonly target: RelayTarget;
  readonly hub: RelayHub;
  readonly sessions: RelaySessions;
  readonly inFlight: CallsInFlight;
}

export interface LegacyRequest {
  readonly id: string | number;
  readonly method: string;
  readonly params: JsonObject;
}

/** Who asks, and where the answer goes. */
export interface Asker {
  readonly principal: Principal;
  readonly session: RelaySession | undefined;
  readonly reply: Reply;
  readonly requestId?: string | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/** Opens a session and says who the server is. Answers with the error when the server cannot be known. */
export async function answerInitialize(
  { target, sessions }: RelayParts,
  { id, params }: LegacyRequest,
  { principal, response }: { readonly principal: Principal; readonly response: ServerResponse },
): Promise<void> {
  try {
    const result = await initializeResult(target, params);
    const session = sessions.open(principal, isObject(params.capabilities) ? (params.capabilities as JsonObject) : {});
    const { isModern, capabilities } = await target.facts(new AbortController().signal);
    session.hearsLogs = !isModern && isObject(capabilities.logging);
    response.setHeader('mcp-session-id', session.id);
    sendJson(response, 200, resultMessage(id, result));
  } catch (error) {
    sendJson(response, 200, errorMessage(id, toRpcError(error)));
  }
}

/** An unknown version is answered with the newest that needs an `initialize`. */
export async function initializeResult(target: RelayTarget, params: JsonObject): Promise<JsonObject> {
  const { capabilities, serverInfo, instructions } = await target.facts(new AbortController().signal);
  const protocolVersion = LEGACY_VERSIONS.find((version) => version === params.protocolVersion) ?? LEGACY_VERSIONS[0];
  return {
    protocolVersion: protocolVersion ?? null,
    capabilities,
    serverInfo,
    ...(instructions === undefined ? {} : { instructions }),
  };
}

/** Answers one request over HTTP, or those of a batch. Never rejects. */
export async function answerPost(
  parts: RelayParts,
  requests: readonly LegacyRequest[],
  from: {
    readonly principal: Principal;
    readonly session: RelaySession | undefined;
    readonly response: ServerResponse;
  },
): Promise<void> {
  const { principal, session, response } = from;
  const reply = session ? sessionReply(response, session) : plainReply(response);
  const gone = new AbortController();
  const onClose = () => {
    if (!reply.isResumable) gone.abort(new Error('the client closed the connection'));
  };
  response.once('close', onClose);
  const shared = sharedReply(requests.length, reply);
  const asker = { principal, session, reply: shared, requestId: requestIdOf(response), gone: gone.signal };
  await Promise.all(requests.map((request) => answerRequest(parts, request, asker)));
  response.off('close', onClose);
}

/** Answers one request wherever its answer goes. Never rejects. */
export async function answerRequest(parts: RelayParts, request: LegacyRequest, asker: Asker): Promise<void> {
  const { session, reply, gone } = asker;
  const call = parts.inFlight.begin(session?.id, request.id);
  const leave = session?.enter({ send: (message) => reply.send(message), abort: call.abort });
  // `AbortSignal.any` would leave something behind for each request of a connection that lasts.
  const onGone = () => call.abort(gone.reason);
  gone.addEventListener('abort', onGone, { once: true });
  if (gone.aborted) onGone();
  try {
    const result = await perform(parts, request, { ...asker, gone: call.signal });
    reply.finish(resultMessage(request.id, result));
  } catch (error) {
    // What the client itself cancelled gets no answer that it would have to throw away; HTTP wants one all the same.
    reply.finish(errorMessage(request.id, toRpcError(error)));
  } finally {
    gone.removeEventListener('abort', onGone);
    leave?.();
    call.end();
  }
}

async function perform(parts: RelayParts, request: LegacyRequest, asker: Asker): Promise<JsonObject> {
  const { method, params } = request;
  if (method === 'ping') return {};
  const facts = await parts.target.facts(asker.gone);
  if (method === 'logging/setLevel' && asker.session && keepsLevel(facts, params.level)) {
    asker.session.logLevel = params.level;
    // The server is told with the next call; one that is this client's alone may say something before that.
    if (facts.isModern || asker.session.instanceOf === undefined) return {};
  }
  if (method === 'resources/subscribe') return subscribe(parts, request, asker);
  if (method === 'resources/unsubscribe') return unsubscribe(parts, request, asker);
  const result = await withInputRounds(withoutEnvelope(params), {
    client: asker.session?.client,
    signal: asker.gone,
    request: (given) =>
      forward(parts, { ...request, params: given }, { asker, progressToken: metaOf(params).progressToken }),
  });
  return toLegacyResult(result, facts);
}

/** What the server itself would refuse is left to it. */
function keepsLevel({ capabilities }: RelayFacts, level: Json | undefined): level is string {
  return isObject(capabilities.logging) && typeof level === 'string' && tellsMore(level, undefined);
}

interface Forwarding {
  readonly asker: Asker;
  readonly progressToken: Json | undefined;
}

async function forward(
  { target, hub }: RelayParts,
  { method, params }: LegacyRequest,
  { asker, progressToken }: Forwarding,
): Promise<JsonObject> {
  const { principal, requestId, session, reply, gone } = asker;
  const behalf = behalfOf(session);
  const tell: HubCall['tell'] = (name, given) => {
    if (isHeardByLegacy(name, given, session?.logLevel)) reply.send({ jsonrpc: '2.0', method: name, params: given });
  };
  const call: HubCall = {
    principal: principal.id,
    instanceOf: session?.instanceOf,
    logLevel: session?.logLevel,
    tell,
  };
  let leave = () => {};
  const onUpstream = (upstream: UpstreamSession) => {
    leave();
    leave = hub.enter(upstream, call);
    if (session?.instanceOf !== undefined) session.upstream = upstream;
  };
  const wantsProgress = typeof progressToken === 'string' || typeof progressToken === 'number';
  const onProgress = (progress: JsonObject) =>
    tell('notifications/progress', { ...progress, progressToken: progressToken ?? null });
  const context = { principal, requestId, signal: gone, ...(wantsProgress ? { onProgress } : {}) };
  const level: JsonObject = session?.logLevel === undefined ? {} : { [META_LOG_LEVEL]: session.logLevel };
  const envelope = { [META_CLIENT_CAPABILITIES]: session?.client?.capabilities ?? {}, ...level };
  try {
    return await target.request({ method, params, context, behalf, envelope, onUpstream });
  } finally {
    leave();
  }
}

function behalfOf(session: RelaySession | undefined) {
  return session && { session: session.id, ...(session.client ? { client: session.client } : {}) };
}

/** The server stays up for as long as somebody is subscribed, and is brought up again when it crashes. */
async function subscribe(parts: RelayParts, request: LegacyRequest, asker: Asker): Promise<JsonObject> {
  const { session, principal } = asker;
  const { params } = request;
  if (!session)
    return forward(parts, { ...request, params: withoutEnvelope(params) }, { asker, progressToken: undefined });
  const uri = String(params.uri);
  const passed = { ...request, params: withoutEnvelope(params) };
  let result: JsonObject = {};
  const missed = () => session.tell('notifications/resources/updated', { uri });
  const begin = async () => {
    const held = await holdFor(parts, { principal, behalf: behalfOf(session) }, { uris: [uri], missed });
    try {
      const isModern = held.upstream.facts.era === 'modern';
      if (!isModern) result = await forward(parts, passed, { asker, progressToken: undefined });
      return held;
    } catch (error) {
      held.release();
      throw error;
    }
  };
  const release = await keepSubscribed({ hub: parts.hub, begin, onRenewed: missed });
  session.subscribed(uri, release);
  return result;
}

/** Told to the server only if nobody else listens to the resource on the same instance. */
async function unsubscribe(parts: RelayParts, request: LegacyRequest, asker: Asker): Promise<JsonObject> {
  const { session } = asker;
  const params = withoutEnvelope(request.params);
  const uri = String(params.uri);
  const release = session?.subscriptions.get(uri);
  session?.subscriptions.delete(uri);
  try {
    const isShared = session?.instanceOf === undefined && parts.hub.isHeard('notifications/resources/updated', { uri });
    const { isModern } = await parts.target.facts(asker.gone);
    if (isShared || isModern) return {};
    return await forward(parts, { ...request, params }, { asker, progressToken: undefined });
  } finally {
    release?.();
  }
}
