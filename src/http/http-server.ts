/** The HTTP front door: `/mcp`, `/mcp/<server>`, health and what OAuth clients must know. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { DoorBounds } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { ToolOffer } from '../meta-tools/tool-offer.ts';
import type { MetricsPage } from '../observability/metrics.ts';
import type { RefusalReason, RefusedRequest } from '../policy/audited-refusals.ts';
import { type LoopGuard, VIA_HEADER } from '../policy/loop-guard.ts';
import type { Principal } from '../policy/principal.ts';
import { nearest } from '../stdx/nearest.ts';
import { type Administration, addAdminRoutes } from './admin-routes.ts';
import { answerBrokenRequest } from './broken-request.ts';
import type { Door } from './door.ts';
import { watchForDrain } from './drain.ts';
import { createMcpEndpoint, type McpEndpoint } from './mcp-endpoint.ts';
import { METADATA_PATH, protectedResource } from './protected-resource.ts';
import { createRelayEndpoint } from './relay-endpoint.ts';
import type { RelayTarget } from './relay-target.ts';
import type { OfferFor } from './sdk-lane.ts';
import { sendsSomething } from './slow-down.ts';
import { watchGranted } from './watch-granted.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `open`: for whoever reaches the gateway under its name. Otherwise a principal is needed, and routes need not say so. */
    access?: 'open' | 'principal';
  }
  interface FastifyRequest {
    /** Known from the first hook on. */
    principal: Principal;
  }
}

export interface HttpParts {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What is behind `/mcp`. */
  readonly meta: (principal: Principal) => ToolOffer;
  /** What is behind `/mcp/<server>`, asked for at each request; undefined when there is no such server for this principal. */
  readonly direct: (server: string, principal: Principal) => DirectDoor | undefined;
  /** What is behind `/mcp/<profile>`, asked for at each request; undefined when there is no such profile for this principal. */
  readonly profile: (name: string, principal: Principal) => ToolOffer | undefined;
  /** A client of `/mcp/<server>` is gone. */
  readonly onSessionEnd: (session: string) => void;
  readonly serverNames: (principal: Principal) => readonly string[];
  readonly door: Door;
  readonly loop: LoopGuard;
  readonly bounds: DoorBounds;
  /** What `/readyz` reports to this principal. */
  readonly readiness: (principal: Principal) => Promise<{ readonly status: 'ok' | 'degraded' | 'failing' }>;
  /** What `/metrics` answers with; undefined when there is nothing for this principal. */
  readonly metrics?: (principal: Principal) => Promise<MetricsPage | undefined>;
  /** What is behind `/api`; without it nothing is. */
  readonly admin?: Administration | undefined;
  readonly onError: (error: Error) => void;
  /** A request was turned away before any route saw it. */
  readonly onRefused: (refused: RefusedRequest) => void;
}

export interface DirectDoor {
  /** For plain calls of tools. */
  offer(session?: string): ToolOffer;
  /** For everything else. */
  readonly target: RelayTarget;
}

export interface HttpRoute {
  readonly method: string;
  /** As declared, with its parameters. */
  readonly path: string;
  readonly access: 'open' | 'principal';
}

export interface HttpServer {
  readonly url: URL;
  /** All that there are, so that somebody can go through them. */
  readonly routes: readonly HttpRoute[];
  /** Takes nothing new, lets calls under way end for up to 10 s, then cuts what is left. */
  close(): Promise<void>;
}

/** As long as the pool gives to calls under way. */
const DRAIN_MS = 10_000;

/** Listens when it resolves. Throws LISTEN_FAILED, naming the address and the remedy. */
export async function startHttpServer(parts: HttpParts): Promise<HttpServer> {
  const { bodyBytesMax: bodyLimit, requestTimeoutMs: requestTimeout } = parts.bounds;
  const http = boundsOfNode(requestTimeout);
  const clientErrorHandler = answerBrokenRequest;
  const app = Fastify({ bodyLimit, requestTimeout, http, forceCloseConnections: true, clientErrorHandler });
  const endpoints = new Map<string, McpEndpoint>();
  const routes = collectRoutes(app);
  guard(app, parts);
  leaveBodiesToEndpoints(app);
  addHealth(app, parts);
  addMetrics(app, parts);
  addMetadata(app, parts);
  addMcp(app, parts, endpoints);
  if (parts.admin) addAdminRoutes(app, parts.admin);
  await listen(app, parts);
  const drain = watchForDrain(app.server);
  const bound = app.addresses()[0];
  const port = typeof bound === 'object' ? bound.port : parts.port;
  const url = new URL(`http://${parts.host.includes(':') ? `[${parts.host}]` : parts.host}:${port}/mcp`);
  const close = async () => {
    await drain(DRAIN_MS);
    await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
    await app.close();
  };
  return { url, routes, close };
}

function collectRoutes(app: FastifyInstance): HttpRoute[] {
  const routes: HttpRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) routes.push({ method: one, path: url, access: config?.access ?? 'principal' });
  });
  return routes;
}

/** Node looks at its connections at intervals: so often that a deadline is not passed by half of it. */
function boundsOfNode(requestTimeoutMs: number) {
  return {
    headersTimeout: Math.min(requestTimeoutMs, HEADERS_MS_MAX),
    connectionsCheckingInterval: Math.min(Math.ceil(requestTimeoutMs / 2), 5_000),
    maxHeaderSize: HEADER_BYTES_MAX,
  };
}

const HEADERS_MS_MAX = 15_000;
/** Tokens are long, and some proxies add theirs. */
const HEADER_BYTES_MAX = 32 * 1024;

function guard(app: FastifyInstance, { door, onRefused }: HttpParts): void {
  const note = (request: FastifyRequest, reason: RefusalReason, message: string) =>
    onRefused({ reason, message, address: door.clientAddress(request.raw) });
  const watch = door.askAgain && watchGranted(door.askAgain);
  app.addHook('onClose', async () => watch?.close());
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request, reply) => {
    const why = door.refusal(request.headers);
    if (why !== undefined) {
      note(request, 'name', why);
      return reply.code(403).send({ error: why });
    }
    if (request.routeOptions.config.access === 'open') return;
    const access = await door.authenticate(request.raw);
    if (access.kind === 'refused') {
      note(request, reasonOf(access.status, request), access.message);
      return reply.code(access.status).headers(access.headers).send({ error: access.message });
    }
    request.principal = access.principal;
    watch?.add(request.raw, reply.raw);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `nothing is at ${request.method} ${request.url}; MCP is at /mcp and /mcp/<server>` }),
  );
}

function reasonOf(status: number, { raw }: FastifyRequest): RefusalReason {
  if (status === 401) return sendsSomething(raw) ? 'wrong_credentials' : 'no_credentials';
  return status === 429 ? 'too_many' : 'unverifiable';
}

/** The MCP endpoints read and bound bodies themselves. */
function leaveBodiesToEndpoints(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

function addHealth(app: FastifyInstance, parts: HttpParts): void {
  app.get('/healthz', { config: { access: 'open' } }, async () => ({ status: 'ok' }));
  app.get('/readyz', async ({ principal }, reply) => {
    const readiness = await parts.readiness(principal);
    return reply.code(readiness.status === 'failing' ? 503 : 200).send(readiness);
  });
}

/** Whoever may not see them is told no more than where they are switched off. */
function addMetrics(app: FastifyInstance, { metrics }: HttpParts): void {
  app.get('/metrics', async ({ principal }, reply) => {
    const page = await metrics?.(principal);
    if (!page)
      return reply.code(404).send({ error: 'no metrics for you here; an admin switches them on by "metrics: true"' });
    return reply.type(page.contentType).send(page.text);
  });
}

function addMetadata(app: FastifyInstance, { door }: HttpParts): void {
  if (!door.metadata) return;
  const { baseUrl, issuers } = door.metadata;
  for (const path of [METADATA_PATH, `${METADATA_PATH}/*`])
    app.get(path, { config: { access: 'open' } }, async ({ raw }) =>
      protectedResource(baseUrl(raw), raw.url ?? '', issuers),
    );
}

function addMcp(app: FastifyInstance, parts: HttpParts, endpoints: Map<string, McpEndpoint>): void {
  const options = { bodyBytesMax: parts.bounds.bodyBytesMax, onError: parts.onError };
  const endpointFor = (path: string, create: () => McpEndpoint) => {
    const endpoint = endpoints.get(path) ?? create();
    endpoints.set(path, endpoint);
    return endpoint;
  };
  const serve = (endpoint: McpEndpoint, request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    const exchange = { request: request.raw, response: reply.raw, principal: request.principal };
    return endpoint.handle(exchange).catch((error: Error) => {
      parts.onError(error);
      reply.raw.destroy();
    });
  };
  const meta = () => createMcpEndpoint(parts.meta, options);
  const isLoop = ({ headers }: FastifyRequest, server?: string) => {
    const via = headers[VIA_HEADER];
    return via !== undefined && !parts.loop.admits(server, String(via));
  };
  app.all('/mcp', (request, reply) =>
    isLoop(request) ? refuseLoop(reply, '/mcp') : serve(endpointFor('', meta), request, reply),
  );
  const handler = (request: FastifyRequest<{ Params: { server: string } }>, reply: FastifyReply) => {
    const { server } = request.params;
    if (parts.profile(server, request.principal)) {
      const profile = () => createMcpEndpoint(profileOffer(parts, server), options);
      return serve(endpointFor(`profile:${server}`, profile), request as FastifyRequest, reply as FastifyReply);
    }
    const door = (principal: Principal) => {
      const direct = parts.direct(server, principal);
      if (!direct) throw new GatewayError('SERVER_UNKNOWN', unknownServer(server, parts.serverNames(principal)));
      return direct;
    };
    if (!parts.direct(server, request.principal)) {
      return reply.code(404).send({ error: unknownServer(server, parts.serverNames(request.principal)) });
    }
    if (isLoop(request as FastifyRequest, server)) return refuseLoop(reply as FastifyReply, `/mcp/${server}`);
    const relay = () =>
      createRelayEndpoint({
        ...options,
        offer: (principal, session) => door(principal).offer(session),
        target: (principal) => door(principal).target,
        onSessionEnd: parts.onSessionEnd,
      });
    return serve(endpointFor(server, relay), request as FastifyRequest, reply as FastifyReply);
  };
  for (const path of ['/mcp/:server', '/mcp/:server/sse', '/mcp/:server/messages']) app.all(path, handler);
}

/** RFC 5842, section 7.2. */
function refuseLoop(reply: FastifyReply, path: string): FastifyReply {
  const error = `a ring: this request has come from ${path} of this very gateway, through the URL of one of its servers`;
  return reply.code(508).send({ error });
}

function profileOffer(parts: HttpParts, name: string): OfferFor {
  return (principal) => {
    const offer = parts.profile(name, principal);
    if (!offer) throw new GatewayError('SERVER_UNKNOWN', unknownServer(name, parts.serverNames(principal)));
    return offer;
  };
}

function unknownServer(server: string, names: readonly string[]): string {
  const near = nearest(server, names);
  const remedy = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${names.slice(0, 20).join(', ')}`;
  return `no server is called "${server}"; ${remedy}`;
}

async function listen(app: FastifyInstance, { host, port }: HttpParts): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw cannotListen(cause, `${host}:${port}`);
  }
}

function cannotListen(cause: unknown, address: string): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = code === 'EADDRINUSE' ? 'the port is in use' : code === 'EACCES' ? 'not permitted' : String(cause);
  const hint = 'stop what listens there, or choose another port with --port (0 takes a free one)';
  return new GatewayError('LISTEN_FAILED', `cannot listen on ${address}: ${reason}`, { hint, cause });
}
