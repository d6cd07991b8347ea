/** Every route against every kind of caller. A route that is new fails here until somebody says what it may tell to whom. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { startTokenIssuer } from '../../helpers/token-issuer.ts';
import { bearer, type Reply, serveWithAccess } from './serve-access.ts';

const AUDIENCE = 'https://tools.example.com/mcp';
const SECRET = 'crown-jewels';
const HOUR_S = 3_600;

type Caller = 'nobody' | 'wrong' | 'expired' | 'other audience' | 'not allowed' | 'right';
const CALLERS: readonly Caller[] = ['nobody', 'wrong', 'expired', 'other audience', 'not allowed', 'right'];

interface Expected {
  /** What is asked for in its place. */
  readonly ask: string;
  /** Of nobody, wrong, expired, other audience; of those whom no rule lets see anything; of an admin. */
  readonly statuses: readonly [refused: number, notAllowed: number, right: number];
}

const OTHER_METHODS = ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'HEAD'];

/** By path as declared; the method says whether it is there at all. */
const CLASSIFIED: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  '/healthz': same(['GET', 'HEAD'], { ask: '/healthz', statuses: [200, 200, 200] }),
  '/readyz': same(['GET', 'HEAD'], { ask: '/readyz', statuses: [401, 200, 200] }),
  '/metrics': same(['GET', 'HEAD'], { ask: '/metrics', statuses: [401, 404, 200] }),
  '/.well-known/oauth-protected-resource': same(['GET', 'HEAD'], {
    ask: '/.well-known/oauth-protected-resource',
    statuses: [200, 200, 200],
  }),
  '/.well-known/oauth-protected-resource/*': same(['GET', 'HEAD'], {
    ask: `/.well-known/oauth-protected-resource/mcp/${SECRET}`,
    statuses: [200, 200, 200],
  }),
  '/mcp': mcp('/mcp', { POST: [401, 200, 200], others: [401, 405, 405] }),
  '/mcp/:server/sse': {
    ...mcp(`/mcp/${SECRET}/sse`, { POST: [401, 404, 405], others: [401, 404, 405] }),
    GET: { ask: `/mcp/${SECRET}/sse`, statuses: [401, 404, 200] },
  },
  '/mcp/:server/messages': mcp(`/mcp/${SECRET}/messages?session=x`, { POST: [401, 404, 404], others: [401, 404, 405] }),
  '/mcp/:server': mcp(`/mcp/${SECRET}`, { POST: [401, 404, 200], others: [401, 404, 405] }),
  '/api/servers': {
    ...admins(['GET', 'HEAD'], '/api/servers', 200),
    // What is probed with is no server.
    ...admins(['POST'], '/api/servers', 400),
  },
  '/api/servers/:name': {
    ...admins(['GET', 'HEAD'], `/api/servers/${SECRET}`, 200),
    // Without the content type that other sites cannot send.
    ...admins(['DELETE'], `/api/servers/${SECRET}`, 415),
  },
  '/api/servers/:name/enable': admins(['POST'], `/api/servers/${SECRET}/enable`, 200),
  '/api/servers/:name/disable': admins(['POST'], '/api/servers/nothing/disable', 404),
  '/api/servers/:name/index': admins(['POST'], `/api/servers/${SECRET}/index`, 200),
  '/api/servers/:name/stop': admins(['POST'], `/api/servers/${SECRET}/stop`, 200),
  '/api/changes': admins(['GET', 'HEAD'], '/api/changes', 200),
  '/api/changes/:name/approve': admins(['POST'], '/api/changes/nothing/approve', 400),
  '/api/catalog': admins(['GET', 'HEAD'], '/api/catalog', 200),
  '/api/pending': admins(['GET', 'HEAD'], '/api/pending', 200),
  '/api/pending/:name/approve': admins(['POST'], '/api/pending/nothing/approve', 400),
  '/api/pending/:name/reject': admins(['POST'], '/api/pending/nothing/reject', 400),
  '/api/plan': admins(['GET', 'HEAD'], '/api/plan', 200),
  '/api/reload': admins(['POST'], '/api/reload', 200),
  '/api/openapi.json': admins(['GET', 'HEAD'], '/api/openapi.json', 200),
};

function admins(methods: readonly string[], ask: string, right: number): Record<string, Expected> {
  return same(methods, { ask, statuses: [401, 404, right] });
}

function same(methods: readonly string[], expected: Expected): Record<string, Expected> {
  return Object.fromEntries(methods.map((method) => [method, expected]));
}

function mcp(ask: string, { POST, others }: { POST: Expected['statuses']; others: Expected['statuses'] }) {
  return { ...same(OTHER_METHODS, { ask, statuses: others }), POST: { ask, statuses: POST } };
}

async function gatewayForAll() {
  const issuer = await startTokenIssuer();
  const servers = { [SECRET]: { fixture: 'well-behaved', keys: { description: `Guards the ${SECRET}` } } };
  const gateway = await serveWithAccess(servers, {
    metrics: true,
    limits: { failed_logins: '10000/min' },
    auth: { api_keys: true, jwt: [{ issuer: issuer.issuer, audience: AUDIENCE, jwks_url: issuer.jwksUrl }] },
    access: { rules: [{ for: ['key:admin'], admin: true }] },
  } as JsonObject);
  const { keys } = gateway;
  const past = keys.create({ name: 'past', groups: [], expiresAt: Date.now() - 1 }) ?? '';
  const exp = Math.floor(Date.now() / 1000) + HOUR_S;
  const elsewhere = await issuer.sign({ sub: 'ada', aud: 'https://other.example', exp });
  const headers: Record<Caller, Record<string, string>> = {
    nobody: {},
    wrong: bearer(`tdx_000000000000_${'x'.repeat(43)}`),
    expired: bearer(past),
    'other audience': bearer(elsewhere),
    'not allowed': bearer(gateway.key('stranger')),
    right: bearer(gateway.key('admin')),
  };
  const probe = (method: string, path: string, caller: Caller): Promise<Reply> => {
    const asked = { ...headers[caller], accept: 'application/json, text/event-stream' };
    if (method !== 'POST') return gateway.ask(path, { method, headers: asked });
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    return gateway.ask(path, { method, headers: { ...asked, 'content-type': 'application/json' }, body });
  };
  return { ...gateway, probe };
}

/** The methods that clients can send; Fastify knows many more for `all`, which are answered alike. */
const PROBED = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']);

describe('every route (#50)', () => {
  it('is classified here, and only what must be is open', async () => {
    const { routes } = await gatewayForAll();
    const unclassified = routes.filter(({ method, path }) => PROBED.has(method) && !CLASSIFIED[path]?.[method]);
    expect(unclassified).toEqual([]);
    const open = [...new Set(routes.filter(({ access }) => access === 'open').map(({ path }) => path))];
    expect(open).toEqual([
      '/healthz',
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-protected-resource/*',
    ]);
    expect([...new Set(routes.map(({ path }) => path))].sort()).toEqual(Object.keys(CLASSIFIED).sort());
  });

  it('answers each kind of caller as it should, and those whom it refuses nothing of what is behind', async () => {
    const { routes, probe } = await gatewayForAll();
    const wrong: string[] = [];
    const revealing: string[] = [];
    for (const { method, path } of routes) {
      const expected = PROBED.has(method) ? CLASSIFIED[path]?.[method] : undefined;
      if (!expected) continue;
      for (const caller of CALLERS) {
        const [refused, notAllowed, right] = expected.statuses;
        const status = caller === 'right' ? right : caller === 'not allowed' ? notAllowed : refused;
        const reply = await probe(method, expected.ask, caller);
        const what = `${method} ${expected.ask} by ${caller}`;
        if (reply.status !== status) wrong.push(`${what}: ${reply.status} instead of ${status}`);
        if (caller === 'right' && reveals(reply, expected.ask)) revealing.push(`${method} ${path}`);
        if (caller !== 'right' && reveals(reply, expected.ask)) wrong.push(`${what} reveals ${reply.text}`);
        if (
          reply.status === 401 &&
          !/^Bearer .*resource_metadata="http/.test(String(reply.headers['www-authenticate']))
        )
          wrong.push(`${what}: no challenge`);
      }
    }
    expect(wrong).toEqual([]);
    expect(revealing).toEqual(expect.arrayContaining(['POST /mcp', 'POST /mcp/:server']));
  });

  it('that does not exist is 401 for strangers too, so that they cannot tell', async () => {
    const { probe } = await gatewayForAll();
    for (const path of [
      '/',
      '/api',
      '/api/keys',
      '/admin',
      '/mcp/',
      '/mcp/a/b',
      '/mcp/nothing',
      '/.well-known/other',
      '/healthz/x',
      '//mcp',
    ]) {
      expect([path, (await probe('GET', path, 'nobody')).status]).toEqual([path, 401]);
      expect([path, (await probe('GET', path, 'right')).status]).toEqual([path, 404]);
    }
  });
});

/** What a caller asked for itself may be named; whatever comes on top of it tells that it is there. */
function reveals({ text }: Reply, asked: string): boolean {
  const told = asked.includes(SECRET)
    ? text
        .replaceAll(` ${asked};`, '')
        .replaceAll(`"${SECRET}\\"`, '')
        .replaceAll(`/${SECRET}"`, '')
        .replaceAll(`\\"${SECRET}`, '')
    : text;
  return told.includes(SECRET) || told.includes('echo');
}
