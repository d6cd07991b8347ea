/** `subscriptions/listen` of 2026-07-28: a stream of the changes that its caller named, and of nothing else. */
import type { Principal } from '../policy/principal.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import { META_SUBSCRIPTION_ID, metaOf } from './relay-eras.ts';
import type { LegacyRequest, RelayParts } from './relay-legacy.ts';
import { errorMessage, type Reply, resultMessage } from './relay-reply.ts';
import { holdFor } from './relay-subscriptions.ts';

const URIS_MAX = 1_000;
const UPDATED = 'notifications/resources/updated';

export interface Listening {
  readonly request: LegacyRequest;
  readonly principal: Principal;
  readonly reply: Reply;
  readonly gone: AbortSignal;
}

interface Wanted {
  readonly filter: JsonObject;
  readonly methods: ReadonlySet<string>;
  readonly uris: ReadonlySet<string>;
}

/** Settles when the caller is gone or the server has ended. Rejects when the server cannot be started. */
export async function answerListen(parts: RelayParts, listening: Listening): Promise<void> {
  const { request, principal, reply, gone } = listening;
  const facts = await parts.target.facts(gone);
  const wanted = readFilter(request.params, facts.capabilities);
  if (!wanted) {
    const message = "Invalid params: 'notifications' must be an object that names what is wanted";
    return reply.finish(errorMessage(request.id, { code: -32602, message }));
  }
  const tell = (method: string, params: JsonObject) =>
    reply.send({
      jsonrpc: '2.0',
      method,
      params: { ...params, _meta: { ...metaOf(params), [META_SUBSCRIPTION_ID]: request.id } },
    });
  if (Object.keys(wanted.filter).length === 0) {
    tell('notifications/subscriptions/acknowledged', { notifications: {} });
    return reply.finish(overMessage(request.id));
  }
  const missed = (uri: string) => tell(UPDATED, { uri });
  const held = await holdFor(parts, { principal }, { uris: [...wanted.uris], missed });
  const hears = (method: string, { uri }: JsonObject) =>
    method === UPDATED ? wanted.uris.has(String(uri)) : wanted.methods.has(method);
  const leave = parts.hub.join({ principal: principal.id, instanceOf: undefined, hears, tell });
  try {
    if (held.upstream.facts.era === 'legacy') await subscribeAll(parts, wanted.uris, { principal, gone });
    tell('notifications/subscriptions/acknowledged', { notifications: wanted.filter });
    await parts.hub.endings.wait(held.upstream.closed, gone);
  } finally {
    leave();
    held.release();
  }
  reply.finish(overMessage(request.id));
}

function overMessage(id: Json): JsonObject {
  return resultMessage(id, { resultType: 'complete', _meta: { [META_SUBSCRIPTION_ID]: id } });
}

const LISTS = { toolsListChanged: 'tools', promptsListChanged: 'prompts', resourcesListChanged: 'resources' } as const;

/** Only what the server can do is promised. Undefined for what is no filter. */
function readFilter({ notifications }: JsonObject, capabilities: JsonObject): Wanted | undefined {
  if (!isObject(notifications)) return undefined;
  const canDo = (kind: string, what: string) => {
    const capability = capabilities[kind];
    return isObject(capability) && capability[what] === true;
  };
  const lists = Object.entries(LISTS).filter(
    ([key, kind]) => notifications[key] === true && canDo(kind, 'listChanged'),
  );
  const asked = notifications.resourceSubscriptions;
  const uris = Array.isArray(asked) && canDo('resources', 'subscribe') ? asked.map(String).slice(0, URIS_MAX) : [];
  return {
    filter: {
      ...Object.fromEntries(lists.map(([key]) => [key, true])),
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
    },
    methods: new Set(lists.map(([, kind]) => `notifications/${kind}/list_changed`)),
    uris: new Set(uris),
  };
}

async function subscribeAll(
  { target }: RelayParts,
  uris: ReadonlySet<string>,
  { principal, gone }: { readonly principal: Principal; readonly gone: AbortSignal },
): Promise<void> {
  const context = { principal, signal: gone };
  await Promise.all(
    [...uris].map((uri) => target.request({ method: 'resources/subscribe', params: { uri }, context })),
  );
}
