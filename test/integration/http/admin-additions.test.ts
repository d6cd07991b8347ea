/** Admins decide over HTTP what agents may add; the agent uses it at once. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ADMIN_SCHEMAS } from '../../../src/http/admin-schema.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, type ServedGateway, serveWithAccess } from '../access/serve-access.ts';

const { command, args } = fixtureServer('well-behaved');
const rules: JsonObject[] = [
  { for: ['key:admin'], admin: true },
  { for: ['key:agent'], servers: ['team-*'], add: 'approval' },
  { for: ['key:guest'], servers: ['*'] },
];

async function serve() {
  const served = await serveWithAccess({}, { auth: { api_keys: true }, access: { rules }, metrics: true });
  const keys = { admin: served.key('admin'), agent: served.key('agent'), guest: served.key('guest') };
  const admin = async (method: string, path: string, body?: unknown) => {
    const headers = { ...bearer(keys.admin), ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) };
    const reply = await served.ask(path, { method, headers, body });
    return { status: reply.status, answer: JSON.parse(reply.text) as JsonObject };
  };
  const use = async (name: string, given: JsonObject, key: keyof typeof keys = 'agent') =>
    (await callTool(served, { name, arguments: given }, keys[key])).text;
  return { served, keys, admin, use };
}

const callTool = (served: ServedGateway, params: JsonObject, key: string) =>
  served.rpc('/mcp', { method: 'tools/call', params }, bearer(key));

it('shows what waits, lets it in, and the agent that asked uses it', async () => {
  const { served, keys, admin, use } = await serve();
  const config = { command, args, env: { API_KEY: 'very-secret' } };
  expect(await use('add_mcp_server', { mcp_server_name: 'team-x', config })).toContain('waits for an admin');
  expect(await use('add_mcp_server', { mcp_server_name: 'own', config })).toContain('does not cover');
  expect(await use('add_mcp_server', { mcp_server_name: 'x', config }, 'guest')).toContain('NOT_ALLOWED');

  const { answer } = await admin('GET', '/api/pending');
  const { pending } = ADMIN_SCHEMAS.Pending.parse(answer);
  expect(pending).toMatchObject([
    { name: 'team-x', askedBy: ['key:agent'], replaced: false, entry: { command, args, env: { API_KEY: '***' } } },
  ]);
  const approve = (body?: unknown) => admin('POST', '/api/pending/team-x/approve', body);
  expect(await approve({ id: 'another' })).toMatchObject({ status: 400, answer: { code: 'USAGE' } });
  expect(await approve({ id: pending[0]?.id })).toMatchObject({ status: 200, answer: { outcome: 'approved' } });
  expect((await admin('GET', '/api/pending')).answer).toEqual({ pending: [] });

  const search = () => use('search_mcp_server', { task_description: 'add two numbers' });
  await expect.poll(search).toContain('## team-x');
  expect(await use('use_tool', { tool: 'team-x:add', params: { a: 1, b: 1 } })).toContain('"2"');
  expect((await admin('GET', '/api/servers/team-x')).answer).toMatchObject({ source: 'agent', enabled: true });

  const metrics = (await served.ask('/metrics', { headers: bearer(keys.admin) })).text;
  expect(metrics).toMatch(/^tooldex_additions_total\{outcome="asked"\} 1$/m);
  expect(metrics).toMatch(/^tooldex_additions_total\{outcome="approved"\} 1$/m);
  expect(metrics).toMatch(/^tooldex_additions_waiting 0$/m);
});

it('turns a request down with a reason, and takes out what it let in', async () => {
  const { admin, use } = await serve();
  const ask = { mcp_server_name: 'team-x', config: { command, args } };
  await use('add_mcp_server', ask);
  const reject = (body?: unknown) => admin('POST', '/api/pending/team-x/reject', body);
  expect(await reject({ why: 'x' })).toMatchObject({ status: 400 });
  expect(await reject({ reason: 'use team-y' })).toMatchObject({ status: 200, answer: { outcome: 'rejected' } });
  expect(await use('add_mcp_server', ask)).toContain('use team-y');
  expect(await reject()).toMatchObject({ status: 404, answer: { code: 'SERVER_UNKNOWN' } });

  await use('add_mcp_server', { ...ask, config: { command, args, description: 'another' } });
  expect(await admin('POST', '/api/pending/team-x/approve')).toMatchObject({ status: 200 });
  expect(await reject()).toMatchObject({ status: 200, answer: { outcome: 'removed' } });
  expect((await admin('GET', '/api/servers')).answer.servers).toEqual([]);
});

it('lists the catalog, and what of it was added', async () => {
  const folder = tempDir();
  const tracker = (name: string) => ({
    name: `io.github.acme/${name}`,
    version: '1.2.3',
    description: 'Tracks things',
    remotes: [{ type: 'streamable-http', url: 'http://127.0.0.1:9/mcp' }],
  });
  writeFileSync(join(folder, 'all.json'), JSON.stringify([tracker('one'), tracker('two'), tracker('hidden')]));
  const catalog = { sources: [folder], names: ['*/one', '*/two'] };
  const served = await serveWithAccess({}, { catalog });
  const catalogued = async () =>
    ADMIN_SCHEMAS.Catalog.parse(JSON.parse((await served.ask('/api/catalog')).text)).servers;
  const one = { name: 'io.github.acme/one', version: '1.2.3', description: 'Tracks things', source: folder };
  expect(await catalogued()).toEqual([one, { ...one, name: 'io.github.acme/two' }]);
  await served.rpc('/mcp', {
    method: 'tools/call',
    params: { name: 'add_mcp_server', arguments: { mcp_server_name: 'two' } },
  });
  expect(await catalogued()).toEqual([one, { ...one, name: 'io.github.acme/two', addedAs: 'two' }]);
});
