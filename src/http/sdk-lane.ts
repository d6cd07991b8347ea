/** Serves a tool offer by the SDK: 2026-07-28, odd requests, and everything that the plain lane leaves alone. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { classifyInboundRequest, createMcpHandler, type McpRequestContext } from '@modelcontextprotocol/server';
import { GatewayError } from '../errors.ts';
import { createSdkServer, type SdkCaller } from '../meta-tools/sdk-server.ts';
import type { ToolOffer } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { SILENCE_MS } from './keep-alive.ts';
import { requestIdOf } from './request-id.ts';

/** A request and whom it is from. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: Principal;
}

/** What a principal is served; throws SERVER_UNKNOWN when there is nothing for it any more. */
export type OfferFor = (principal: Principal) => ToolOffer;

export interface SdkLane {
  /** How it judges requests. */
  readonly classify: typeof classifyInboundRequest;
  /** `body` when it was read and parsed already. */
  handle(exchange: Exchange, body: unknown): Promise<void>;
  close(): Promise<void>;
}

export interface SdkLaneOptions {
  readonly bodyBytesMax: number;
  readonly onError: (error: Error) => void;
  /** Default: `SILENCE_MS`. */
  readonly silenceMs?: number;
}

export function createSdkLane(offer: OfferFor, { bodyBytesMax, onError, silenceMs }: SdkLaneOptions): SdkLane {
  const limits = { onerror: onError, maxRequestBodySize: bodyBytesMax, keepAliveMs: silenceMs ?? SILENCE_MS };
  let quiet: (() => void) | undefined;
  const listen = ({ onChange, others }: ToolOffer) => {
    quiet ??= onChange?.(() => {
      for (const { handler } of [plain, streaming]) {
        handler.notify.toolsChanged();
        if (others?.capabilities.prompts) handler.notify.promptsChanged();
        if (others?.capabilities.resources) handler.notify.resourcesChanged();
      }
    });
  };
  const laneOf = (responseMode: 'auto' | 'sse') => {
    const handler = createMcpHandler(
      (context) => {
        const { principal, requestId } = callerOf(context);
        const served = offer(principal);
        listen(served);
        // Older clients have no stream here that they could be told by.
        const announces = context.era === 'modern' && served.onChange !== undefined;
        return createSdkServer(served, { principal, requestId }, announces);
      },
      { ...limits, responseMode },
    );
    return { handler, node: toNodeHandler(handler, limits) };
  };
  // Only a stream can be kept alive, and only before its answer is known can it become one.
  const [plain, streaming] = [laneOf('auto'), laneOf('sse')];
  const handle = ({ request, response, principal }: Exchange, body: unknown) => {
    const { node } = request.headers['mcp-method'] === 'tools/call' ? streaming : plain;
    return node(
      Object.assign(request, { auth: authInfoOf({ principal, requestId: requestIdOf(response) }) }),
      response,
      body,
    );
  };
  const close = async () => {
    quiet?.();
    await Promise.all([plain.handler.close(), streaming.handler.close()]);
  };
  return { classify: classifyInboundRequest, handle, close };
}

/** The SDK carries what it is told of a caller from the request to the server that it makes for it. */
function authInfoOf(caller: SdkCaller): AuthInfo {
  return { token: '', clientId: caller.principal.id, scopes: [], extra: { caller } };
}

function callerOf({ authInfo }: McpRequestContext): SdkCaller {
  const caller = authInfo?.extra?.caller;
  if (caller === undefined) throw new GatewayError('UNAUTHENTICATED', 'a request came without its principal');
  return caller as SdkCaller;
}

type AuthInfo = NonNullable<McpRequestContext['authInfo']>;
