/** The administration API, `/api`: one table of its routes, which Fastify and the OpenAPI document are both made from. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { AdminRecord } from '../policy/audited-admin.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject } from '../stdx/json.ts';
import * as actions from './admin-actions.ts';
import type { AdminSchemaName } from './admin-schema.ts';
import { readBody } from './read-body.ts';
import { requestIdOf } from './request-id.ts';

export interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it; the only parameter is `name`. */
  readonly path: string;
  readonly summary: string;
  readonly body?: AdminSchemaName;
  /** Whether a request may leave the body out. */
  readonly bodyOptional?: boolean;
  readonly answer: AdminSchemaName;
  readonly status?: number;
  readonly run: (parts: actions.AdminParts, asked: Asked) => unknown;
}

interface Asked {
  readonly name: string;
  /** Checked against the schema of the route. */
  readonly body: unknown;
  readonly principal: Principal;
}

const switchTo = (enabled: boolean) => (parts: actions.AdminParts, asked: Asked) =>
  actions.editServer(parts, { kind: 'switch', name: asked.name, enabled });

export const ADMIN_ROUTES: readonly AdminRoute[] = [
  {
    method: 'GET',
    path: '/api/servers',
    summary: 'All servers with their states, and which configuration is in use.',
    answer: 'Servers',
    run: actions.listServers,
  },
  {
    method: 'POST',
    path: '/api/servers',
    summary: 'Adds a server to the configuration file and puts it into use.',
    body: 'NewServer',
    answer: 'Edited',
    status: 201,
    run: (parts, { body }) => actions.addServer(parts, body as actions.NewServer),
  },
  {
    method: 'GET',
    path: '/api/servers/{name}',
    summary: 'One server with its tools.',
    answer: 'Server',
    run: (parts, { name }) => actions.showServer(parts, name),
  },
  {
    method: 'DELETE',
    path: '/api/servers/{name}',
    summary: 'Takes a server out of the configuration file; its calls under way end first.',
    answer: 'Edited',
    run: (parts, { name }) => actions.editServer(parts, { kind: 'remove', name }),
  },
  {
    method: 'POST',
    path: '/api/servers/{name}/enable',
    summary: 'Switches a server of the configuration file on.',
    answer: 'Edited',
    run: switchTo(true),
  },
  {
    method: 'POST',
    path: '/api/servers/{name}/disable',
    summary: 'Switches a server of the configuration file off; its calls under way end first.',
    answer: 'Edited',
    run: switchTo(false),
  },
  {
    method: 'POST',
    path: '/api/servers/{name}/index',
    summary: 'Asks a server for its tools now, and answers when it has said them.',
    answer: 'Indexed',
    run: (parts, { name }) => actions.indexServer(parts, name),
  },
  {
    method: 'POST',
    path: '/api/servers/{name}/stop',
    summary: 'Stops the instances of a server after their calls; the next call starts it anew.',
    answer: 'Stopped',
    run: (parts, { name }) => actions.stopServer(parts, name),
  },
  {
    method: 'GET',
    path: '/api/changes',
    summary: 'Changed tools that wait for approval.',
    answer: 'Changes',
    run: actions.listChanges,
  },
  {
    method: 'POST',
    path: '/api/changes/{name}/approve',
    summary: 'Lets what waits of a server in, all of it or one tool.',
    body: 'Approval',
    bodyOptional: true,
    answer: 'Approved',
    run: (parts, { name, body }) => actions.approveChanges(parts, name, (body as { tool?: string }).tool),
  },
  {
    method: 'GET',
    path: '/api/catalog',
    summary: 'Servers that agents may add by name, as the sources of the catalog describe them.',
    answer: 'Catalog',
    run: actions.listCatalog,
  },
  {
    method: 'GET',
    path: '/api/pending',
    summary: 'Servers that callers asked for and that wait for approval, with all that they would run.',
    answer: 'Pending',
    run: actions.listPending,
  },
  {
    method: 'POST',
    path: '/api/pending/{name}/approve',
    summary: 'Lets a server in that a caller asked for.',
    body: 'PendingApproval',
    bodyOptional: true,
    answer: 'Decided',
    run: (parts, { name, body, principal }) =>
      actions.approveAddition(parts, principal, { server: name, ...(body as { id?: string }) }),
  },
  {
    method: 'POST',
    path: '/api/pending/{name}/reject',
    summary: 'Turns down a server that a caller asked for, or takes out one that a caller brought.',
    body: 'PendingRejection',
    bodyOptional: true,
    answer: 'Decided',
    run: (parts, { name, body, principal }) =>
      actions.rejectAddition(parts, principal, { server: name, ...(body as { reason?: string }) }),
  },
  {
    method: 'GET',
    path: '/api/plan',
    summary: 'What a reload would change, as the configuration file is now.',
    answer: 'Planned',
    run: actions.planConfig,
  },
  {
    method: 'POST',
    path: '/api/reload',
    summary: 'Reads the configuration file and puts it into use, changed or not.',
    answer: 'Reloaded',
    run: actions.reloadConfig,
  },
  {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This document.',
    answer: 'Document',
    run: async () => (await import('./openapi.ts')).openApiDocument(ADMIN_ROUTES),
  },
];

export interface Administration {
  readonly parts: actions.AdminParts;
  readonly isAdmin: (principal: Principal) => boolean;
  readonly bodyBytesMax: number;
  readonly log: Log;
  /** Something was changed, or could not be. */
  readonly onWrite: (record: AdminRecord) => void;
}

/** Whoever is no admin is answered as if nothing were there. */
export function addAdminRoutes(app: FastifyInstance, admin: Administration): void {
  void app.register(async (api) => {
    api.addHook('onRequest', async (request, reply) => {
      if (!admin.isAdmin(request.principal)) return reply.callNotFound();
      if (request.method !== 'GET' && request.method !== 'HEAD') requireJson(request);
    });
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('application/json', (request: FastifyRequest) => jsonOf(request, admin.bodyBytesMax));
    api.setErrorHandler((error, request, reply) => answerError(error, { request, reply, admin }));
    for (const route of ADMIN_ROUTES) {
      const url = route.path.replace('{name}', ':name');
      api.route({ method: route.method, url, handler: (request, reply) => answer(route, { request, reply, admin }) });
    }
  });
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly admin: Administration;
}

async function answer(route: AdminRoute, { request, reply, admin }: Exchange) {
  const { name = '' } = request.params as { name?: string };
  const body = route.body ? await checked(route.body, request.body ?? (route.bodyOptional ? {} : undefined)) : {};
  const told = await route.run(admin.parts, { name, body, principal: request.principal });
  noteWrite({ admin, request, reply }, { outcome: 'ok' });
  return reply.code(route.status ?? 200).send(masked(told, admin));
}

function noteWrite({ admin, request, reply }: Exchange, how: Pick<AdminRecord, 'outcome' | 'reason'>): void {
  const { method, principal, body } = request;
  const requestId = requestIdOf(reply.raw);
  if (method === 'GET' || method === 'HEAD') return;
  const action = `${method} ${request.url.split('?')[0]}`;
  const target = isObject(body) && typeof body.name === 'string' ? body.name : undefined;
  if (how.outcome === 'ok')
    admin.log('info', `admin ${principal.id}: ${action}${target ? ` ${target}` : ''}`, requestId);
  admin.onWrite({ principal, requestId, action, target, ...how });
}

/** Pages of other sites can send forms and texts without asking, but not this; an empty body must say it too. */
function requireJson({ headers }: FastifyRequest): void {
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return;
  const message = 'requests that change something need "Content-Type: application/json"';
  throw Object.assign(new GatewayError('USAGE', message), { statusCode: 415 });
}

async function jsonOf({ raw }: FastifyRequest, bytesMax: number): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
  if (length === '0' || (length === undefined && encoding === undefined)) return undefined;
  const body = await readBody(raw, bytesMax);
  if (body.kind === 'json') return body.value;
  throw Object.assign(new GatewayError('ARGUMENTS_INVALID', body.message), { statusCode: body.status });
}

async function checked(schema: AdminSchemaName, body: unknown): Promise<unknown> {
  const { ADMIN_SCHEMAS } = await import('./admin-schema.ts');
  const result = ADMIN_SCHEMAS[schema].safeParse(body);
  // As it was given: in a file, an entry should have the order that somebody gave it.
  if (result.success) return body;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  throw new GatewayError('ARGUMENTS_INVALID', problems.join('; '), {
    hint: `GET /api/openapi.json has the schema, "${schema}"`,
  });
}

function answerError(error: unknown, { request, reply, admin }: Exchange) {
  const { message, hint, code, class: known } = toGatewayError(error);
  noteWrite({ admin, request, reply }, { outcome: code, reason: message });
  const own = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined;
  const status = own ?? known.httpStatus;
  if (status >= 500) admin.log(known.level, `admin: ${code}: ${message}`);
  return reply.code(status).send(masked({ error: message, ...(hint === undefined ? {} : { hint }), code }, admin));
}

/** The secrets of the configuration in all texts, however a server or a parser came to quote them. */
function masked(value: unknown, { parts }: Administration): unknown {
  const { redact } = parts.configFile.current;
  return JSON.parse(JSON.stringify(value), (_key, item) => (typeof item === 'string' ? redact(item) : item));
}
