/** The HTTP front door: `/mcp`, `/mcp/<server>`, health and what OAuth clients must know. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { DoorBounds } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { MetricsPage } from '../observability/metrics.ts';
import type { RefusalReason, RefusedRequest } from '../policy/audited-refusals.ts';
import type { Principal } from '../policy/principal.ts';
import { type Administration, addAdminRoutes } from './admin-routes.ts';
import { BeforeRouter } from './before-router.ts';
import { answerBrokenRequest } from './broken-request.ts';
import type { Door } from './door.ts';
import { createDrain } from './drain.ts';
import { type McpParts, McpRoutes } from './mcp-routes.ts';
import { METADATA_PATH, protectedResource } from './protected-resource.ts';
import { requestIdOf } from './request-id.ts';
import { sendsSomething } from './slow-down.ts';

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

export interface HttpParts extends McpParts {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly door: Door;
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
  const bounds = { bodyLimit, requestTimeout, http };
  const app = Fastify({ ...bounds, forceCloseConnections: true, clientErrorHandler, schemaController: NO_SCHEMAS });
  const routes = collectRoutes(app);
  const mcp = new McpRoutes(parts, { bodyBytesMax: bodyLimit, onError: parts.onError });
  const before = new BeforeRouter(parts.door, mcp);
  guard(app, parts, before);
  leaveBodiesToEndpoints(app);
  addHealth(app, parts);
  addMetrics(app, parts);
  addMetadata(app, parts);
  mcp.addTo(app);
  if (parts.admin) addAdminRoutes(app, parts.admin);
  await listen(app, parts);
  const drain = createDrain(app.server);
  before.watch(app.server, drain);
  const bound = app.addresses()[0];
  const port = typeof bound === 'object' ? bound.port : parts.port;
  const url = new URL(`http://${parts.host.includes(':') ? `[${parts.host}]` : parts.host}:${port}/mcp`);
  const close = async () => {
    await drain.end(DRAIN_MS);
    await mcp.close();
    await app.close();
  };
  return { url, routes, close };
}

/** Our routes check bodies themselves; without these Fastify would load its compilers of schemas at every start. */
const NO_SCHEMAS = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } };

function noSchemas(): never {
  throw new Error('a route with a schema needs the compilers of Fastify');
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

function guard(app: FastifyInstance, { door, onRefused }: HttpParts, before: BeforeRouter): void {
  const note = (request: FastifyRequest, reply: FastifyReply, why: Pick<RefusedRequest, 'reason' | 'message'>) =>
    onRefused({ ...why, address: door.clientAddress(request.raw), requestId: requestIdOf(reply.raw) });
  app.addHook('onClose', async () => before.close());
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request, reply) => {
    const why = door.refusal(request.headers);
    if (why !== undefined) {
      note(request, reply, { reason: 'name', message: why });
      return reply.code(403).send({ error: why });
    }
    if (request.routeOptions.config.access === 'open') return;
    const access = await before.access(request.raw);
    if (access.kind === 'refused') {
      note(request, reply, { reason: reasonOf(access.status, request), message: access.message });
      return reply.code(access.status).headers(access.headers).send({ error: access.message });
    }
    request.principal = access.principal;
    before.granted(reply.raw);
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
  const [reason, hint] = LISTEN_PROBLEMS[code] ?? [String(cause), 'choose another address with --host and --port'];
  return new GatewayError('LISTEN_FAILED', `cannot listen on ${address}: ${reason}`, { hint, cause });
}

const NO_ADDRESS = [
  'this machine has no such address',
  'listen on 127.0.0.1 (--host), or switch on what the address needs; ::1 needs IPv6',
] as const;

const LISTEN_PROBLEMS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EADDRINUSE: [
    'the port is in use',
    'stop what listens there, or choose another port with --port (0 takes a free one)',
  ],
  EACCES: [
    'this user may not listen on that port',
    'choose a port from 1024 on with --port (0 takes a free one), or let a proxy listen on that one',
  ],
  EADDRNOTAVAIL: NO_ADDRESS,
  EAFNOSUPPORT: NO_ADDRESS,
};
