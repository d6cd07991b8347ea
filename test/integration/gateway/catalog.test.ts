/** Agents add servers by name from an admin's catalog: real npm packages of a registry on this machine. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { serverStatus } from '../../../src/meta-tools/server-status.ts';
import { estimateTokens } from '../../../src/meta-tools/tokens.ts';
import type { Principal } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fixtureServer } from '../../helpers/fixture-server.ts';
import { serverRegistry } from '../../helpers/server-registry.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { versionedRegistry } from '../../helpers/versioned-registry.ts';
import { openTestGateway } from './open-gateway.ts';

const [fixture = ''] = fixtureServer('well-behaved').args;
/** Does not start without its token, and says its arguments in the journal. */
const CLI = `#!/usr/bin/env node
if (process.env.TRACKER_TOKEN !== 'tok-\${x}') throw new Error('TRACKER_TOKEN is wrong: ' + process.env.TRACKER_TOKEN);
if (process.argv[2] !== '--level' || process.argv[3] !== 'low') throw new Error('wrong arguments: ' + process.argv);
await import(${JSON.stringify(fixture)});
`;

async function publishTracker() {
  const name = `tracker-${randomUUID().slice(0, 8)}`;
  const npm = await versionedRegistry(name);
  npm.publish('1.2.3', { 'cli.mjs': CLI });
  npm.publish('2.0.0', { 'cli.mjs': 'throw new Error("not the version of the catalog");' });
  return {
    name: 'io.github.acme/tracker',
    version: '1.2.3',
    description: 'Tracks things',
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version: '1.2.3',
        runtimeHint: 'npx',
        runtimeArguments: [{ type: 'positional', value: `--registry=${npm.url}` }],
        packageArguments: [{ type: 'named', name: '--level', default: 'low' }],
        environmentVariables: [
          { name: 'TRACKER_TOKEN', isRequired: true, isSecret: true, description: 'Get one at acme.test' },
        ],
        transport: { type: 'stdio' },
      },
    ],
  };
}

const inputs = { 'io.github.acme/tracker': { TRACKER_TOKEN: 'tok-$${x}' } };

it('installs the exact version under its short name, with what the file gives it, now and after a restart', async () => {
  const registry = await serverRegistry([await publishTracker()]);
  const mistaken = { ...inputs, tracker: { TRACKR_REGION: 'eu' } };
  const keys: JsonObject = { catalog: { sources: [registry.url], inputs: mistaken } };
  const { call, gateway, folder, log } = await openTestGateway({}, undefined, keys);
  const added = await call('add_mcp_server', { mcp_server_name: 'tracker', wait_ms: 55_000 });
  expect(added.text).toContain('tracker is added');
  expect(log.join('\n')).toContain('"catalog: inputs" has TRACKR_REGION for "tracker", which it does not ask for');
  expect((await call('use_tool', { tool: 'tracker:add', params: { a: 1, b: 1 } })).text).toBe('2');
  expect((await call('add_mcp_server', { mcp_server_name: 'io.github.acme/tracker' })).text).toContain(
    'tracker is added',
  );
  await gateway.close();
  registry.setDown(true);
  const next = await openTestGateway({}, folder, keys);
  expect((await next.call('use_tool', { tool: 'tracker:add', params: { a: 2, b: 1 } })).text).toBe('3');
  await next.gateway.close();
  const without = await openTestGateway({}, folder, {});
  expect((await without.call('use_tool', { tool: 'tracker:add' })).text).toContain('SERVER_UNKNOWN');
});

it('starts nothing while something is missing, says what and where it goes, and takes it in at the next reload', async () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'servers'));
  writeFileSync(join(folder, 'servers', 'tracker.json'), JSON.stringify(await publishTracker()));
  const { call, gateway, config } = await openTestGateway({}, folder, { catalog: { sources: ['./servers'] } });
  const added = await call('add_mcp_server', { mcp_server_name: 'tracker' });
  expect(added).toMatchObject({
    isError: true,
    text: expect.stringContaining('TRACKER_TOKEN (secret environment variable)'),
  });
  expect(added.text).toMatch(/^NEEDS_CONFIG: tracker needs configuration before it can run/);
  expect(added.text).toContain('catalog: inputs: tracker:');
  const used = await call('use_tool', { tool: 'tracker:add', params: { a: 1, b: 1 } });
  expect(used.text).toMatch(/^NEEDS_CONFIG.*TRACKER_TOKEN/);
  const { pool, discovery } = await gateway.open();
  await discovery.listMissing();
  expect(pool.state('tracker').kind).toBe('stopped');
  const found = await call('search_mcp_server', { task_description: 'add two numbers' });
  expect(found.text).toContain('tracker needs configuration: TRACKER_TOKEN');
  expect(found.text).not.toContain('## tracker');
  expect(found.text).toContain('every server has to be configured');
  expect(serverStatus(await gateway.open(), 'tracker')).toMatch(/^needs configuration under .*: TRACKER_TOKEN/);

  const { file } = config.source;
  writeFileSync(file, JSON.stringify({ servers: {}, catalog: { sources: ['./servers'], inputs } }));
  await gateway.reload(await loadConfig({ file, env: {}, dataDirDefault: join(folder, 'data') }));
  expect((await call('use_tool', { tool: 'tracker:add', params: { a: 1, b: 1 } })).text).toBe('2');
});

it('adds only what is in the catalog, for those who may, under a name that they may see', async () => {
  const registry = await serverRegistry([await publishTracker(), { name: 'io.github.other/secret', version: '1.0.0' }]);
  const rules: JsonObject[] = [
    { for: ['key:agent'], servers: ['tools-*'], add: 'catalog' },
    { for: ['key:guest'], servers: ['*'], add: 'never' },
  ];
  const keys = {
    catalog: { sources: [registry.url], names: ['io.github.acme/*'] },
    auth: { api_keys: true },
    access: { rules },
  };
  const { call, gateway } = await openTestGateway({}, undefined, keys);
  const as = (name: string): { principal: Principal } => ({
    principal: { id: `key:${name}`, kind: 'api-key', groups: [] },
  });
  const add = (server: string, who: string, more: JsonObject = {}) =>
    call('add_mcp_server', { mcp_server_name: server, ...more }, as(who));
  expect((await add('tracker', 'guest')).text).toContain('NOT_ALLOWED');
  expect((await add('tracker', 'agent')).text).toContain('your access does not cover');
  expect((await add('secret', 'agent')).text).toContain('SERVER_UNKNOWN');
  const forged = { config: { command: 'node', origin: { name: 'io.github.acme/tracker' } } };
  expect((await add('tools-x', 'agent', forged)).text).toContain('NOT_ALLOWED');
  expect((await gateway.open()).directory.names()).toEqual([]);
});

it('names a server that could be added where no tool fits, to those who may, within the budget', async () => {
  const registry = await serverRegistry([
    { name: 'io.github.acme/postgres', version: '1.0.0', description: 'Run SQL queries on PostgreSQL databases' },
    { name: 'io.github.acme/weather', version: '1.0.0', description: 'Weather forecasts for any city' },
  ]);
  const { call, gateway } = await openTestGateway({ well: { fixture: 'well-behaved' } }, undefined, {
    catalog: { sources: [registry.url] },
  });
  await (await gateway.open()).discovery.listMissing();
  const search = (task: string, more: JsonObject = {}) =>
    call('search_mcp_server', { task_description: task, ...more });
  const HINT =
    'Not added yet, but in the catalog: postgres "Run SQL queries on PostgreSQL databases"; add_mcp_server adds it.';
  await expect.poll(async () => (await search('run an SQL query on a PostgreSQL database')).text).toContain(HINT);
  let short = '';
  // A hint that would come late is left out.
  await expect
    .poll(async () => (short = (await search('run an SQL query on a PostgreSQL database', { max_tokens: 150 })).text))
    .toContain(HINT);
  expect(estimateTokens(short)).toBeLessThanOrEqual(150);
  expect(estimateTokens(HINT)).toBeLessThanOrEqual(40);
  expect((await search('add two numbers')).text).not.toContain('Not added yet');
  expect((await search('order a pizza with mushrooms')).text).not.toContain('Not added yet');

  const never = await openTestGateway({ well: { fixture: 'well-behaved' } }, undefined, {
    catalog: { sources: [registry.url] },
    add_servers: 'never',
  });
  await (await never.gateway.open()).discovery.listMissing();
  const told = await never.call('search_mcp_server', { task_description: 'run an SQL query on a PostgreSQL database' });
  expect(told.text).not.toContain('catalog');
});
