/** A tool offer as an MCP server of the SDK, which knows every era, transport and corner of the protocol. */
import { ProtocolError, Server, type ServerContext } from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { CallContext } from './parts.ts';
import { capabilitiesOf, OTHER_METHODS, type OtherOffer, type ToolOffer, toRpcError } from './tool-offer.ts';

/** Who speaks to the server that is made, and by which request. */
export type SdkCaller = Pick<CallContext, 'principal' | 'requestId'>;

/** With `announces` it says that it tells of changed lists, which whoever made it then does. */
export function createSdkServer(offer: ToolOffer, caller: SdkCaller, announces = false): Server {
  const { identity, instructions, listTtlMs, others } = offer;
  const server = new PassThroughServer(identity, {
    capabilities: capabilitiesOf(offer, announces),
    ...(instructions === undefined ? {} : { instructions }),
    ...(listTtlMs > 0 ? { cacheHints: { 'tools/list': { ttlMs: listTtlMs, cacheScope: 'public' } } } : {}),
  });
  server.setRequestHandler('tools/list', { params: anyObject, result: anyObject }, (params, ctx) =>
    answer(ctx, { params, caller }, (context) => offer.list(params, context)),
  );
  server.setRequestHandler('tools/call', { params: anyObject, result: anyObject }, async (params, ctx) => {
    const result = await answer(ctx, { params, caller }, (context) => offer.call(params, context));
    return server.projectCallToolResult(result as never, undefined) as unknown as JsonObject;
  });
  if (others) serveOthers(server, others, caller);
  return server;
}

/** Tells the client of a server that announces changes, for as long as it is connected. */
export function announceChanges(server: Server, offer: ToolOffer): void {
  const tell = () => {
    for (const name of ['tools', ...Object.keys(offer.others?.capabilities ?? {})]) {
      if (name !== 'completions')
        void server.notification({ method: `notifications/${name}/list_changed` }).catch(IGNORE_GONE_CALLER);
    }
  };
  const quiet = offer.onChange?.(tell);
  server.onclose = () => quiet?.();
}

function serveOthers(server: Server, others: OtherOffer, caller: SdkCaller): void {
  const methods = Object.keys(others.capabilities).flatMap((name) => OTHER_METHODS[name] ?? []);
  for (const method of methods) {
    server.setRequestHandler(method, { params: anyObject, result: anyObject }, (params, ctx) =>
      answer(ctx, { params, caller }, (context) => others.request(method, params, context)),
    );
  }
}

type Handler = Parameters<Server['_wrapHandler']>[1];

/** Results of `tools/call` leave as they came: unknown fields and content types are a matter of client and upstream. */
class PassThroughServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    return method === 'tools/call' ? handler : super._wrapHandler(method, handler);
  }
}

/** https://standardschema.dev, as far as the SDK reads it. */
interface AnyObjectSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: JsonObject };
    readonly types?: { readonly input: unknown; readonly output: JsonObject };
  };
}

const anyObject: AnyObjectSchema = {
  '~standard': { version: 1, vendor: 'tooldex', validate: (value) => ({ value: (value ?? {}) as JsonObject }) },
};

interface Asked {
  readonly params: JsonObject;
  readonly caller: SdkCaller;
}

/** Progress is handed over in order and before the result, which would otherwise overtake it. */
async function answer(
  { mcpReq }: ServerContext,
  { params, caller }: Asked,
  work: (context: CallContext) => Promise<JsonObject>,
): Promise<JsonObject> {
  const meta = isObject(params._meta) ? (params._meta as JsonObject) : undefined;
  const progressToken = mcpReq._meta?.progressToken ?? meta?.progressToken;
  let sent = Promise.resolve();
  const onProgress = (progress: JsonObject) => {
    const notification = { method: 'notifications/progress', params: { ...progress, progressToken } } as Notification;
    sent = sent.then(() => mcpReq.notify(notification)).catch(IGNORE_GONE_CALLER);
  };
  const wanted = typeof progressToken === 'string' || typeof progressToken === 'number';
  try {
    return await work({
      ...caller,
      signal: mcpReq.signal,
      ...(meta ? { meta } : {}),
      ...(wanted ? { onProgress } : {}),
    });
  } catch (error) {
    const { code, message, data } = toRpcError(error);
    throw new ProtocolError(code, message, data);
  } finally {
    await sent;
  }
}

type Notification = Parameters<ServerContext['mcpReq']['notify']>[0];
const IGNORE_GONE_CALLER = () => undefined;
