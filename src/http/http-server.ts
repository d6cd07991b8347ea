/** The HTTP front door: `/mcp`, `/mcp/<server>` and health, for this machine only. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, type McpHttpHandler, type McpServerFactory } from '@modelcontextprotocol/server';
import Fastify, { type FastifyInstance } from 'fastify';
import { GatewayError } from '../errors.ts';
import { isLoopback, refusal } from './loopback-guard.ts';

export interface HttpParts {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Builds the server behind `/mcp`. */
  readonly meta: McpServerFactory;
  /** Builds the server behind `/mcp/<server>`, or says that there is none. */
  readonly direct: (server: string) => McpServerFactory | undefined;
  /** What `/readyz` reports. */
  readonly readiness: () => Promise<Record<string, unknown>>;
  readonly onError: (error: Error) => void;
}

export interface HttpServer extends AsyncDisposable {
  readonly url: URL;
  close(): Promise<void>;
}

/** Calls carry files as base64: larger than the SDK's 4 MiB, small enough to hold. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;

/** Listens when it resolves. Throws LISTEN_FAILED, naming the address and the remedy. */
export async function startHttpServer(parts: HttpParts): Promise<HttpServer> {
  if (!isLoopback(parts.host)) throw openToTheNetwork(parts.host);
  const app = Fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  const handlers = new Map<string, McpHttpHandler>();
  guard(app, parts.host);
  leaveBodiesToHandlers(app);
  addHealth(app, parts);
  addMcp(app, parts, handlers);
  await listen(app, parts);
  const bound = app.addresses()[0];
  const port = typeof bound === 'object' ? bound.port : parts.port;
  const url = new URL(`http://${parts.host.includes(':') ? `[${parts.host}]` : parts.host}:${port}/mcp`);
  const close = async () => {
    await Promise.all([...handlers.values()].map((handler) => handler.close()));
    await app.close();
  };
  return { url, close, [Symbol.asyncDispose]: close };
}

function guard(app: FastifyInstance, host: string): void {
  app.addHook('onRequest', async (request, reply) => {
    const why = refusal(request.headers, host);
    if (why !== undefined) await reply.code(403).send({ error: why });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `nothing is at ${request.method} ${request.url}; MCP is at /mcp and /mcp/<server>` }),
  );
}

/** The MCP handlers read and bound bodies themselves. */
function leaveBodiesToHandlers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

function addHealth(app: FastifyInstance, parts: HttpParts): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => ({ status: 'ok', ...(await parts.readiness()) }));
}

function addMcp(app: FastifyInstance, parts: HttpParts, handlers: Map<string, McpHttpHandler>): void {
  const handlerFor = (key: string, factory: McpServerFactory) => {
    const known = handlers.get(key);
    if (known) return known;
    const handler = createMcpHandler(factory, { onerror: parts.onError, maxRequestBodySize: BODY_BYTES_MAX });
    handlers.set(key, handler);
    return handler;
  };
  const serve = (handler: McpHttpHandler, raw: { request: IncomingMessage; response: ServerResponse }) =>
    toNodeHandler(handler, { maxRequestBodySize: BODY_BYTES_MAX })(raw.request, raw.response);
  app.all('/mcp', (request, reply) => {
    reply.hijack();
    return serve(handlerFor('', parts.meta), { request: request.raw, response: reply.raw });
  });
  app.all<{ Params: { server: string } }>('/mcp/:server', (request, reply) => {
    const factory = parts.direct(request.params.server);
    if (!factory) return reply.code(404).send({ error: `no server is called "${request.params.server}"` });
    reply.hijack();
    return serve(handlerFor(request.params.server, factory), { request: request.raw, response: reply.raw });
  });
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

function openToTheNetwork(host: string): GatewayError {
  return new GatewayError('LISTEN_FAILED', `refusing to listen on ${host}: others could run your servers`, {
    hint: 'this version has no authentication, so it serves loopback only; put an authenticating proxy in front',
  });
}
