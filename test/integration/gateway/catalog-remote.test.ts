/** Remote servers of a catalog: parts of the address and secret headers come from the file, and a list from elsewhere leads to no private address. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { serverRegistry } from '../../helpers/server-registry.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { serveWithAccess } from '../access/serve-access.ts';
import { openTestGateway } from './open-gateway.ts';

const tracker = {
  name: 'io.github.acme/tracker',
  version: '1.0.0',
  description: 'Tracks things',
  remotes: [
    {
      type: 'streamable-http',
      url: 'http://127.0.0.1:{port}/mcp/first',
      variables: { port: { isRequired: true, description: 'Where it listens' } },
      headers: [
        {
          name: 'Authorization',
          isRequired: true,
          value: 'Bearer {api_key}',
          variables: { api_key: { isRequired: true, isSecret: true } },
        },
      ],
    },
  ],
};

async function upstream(): Promise<JsonObject> {
  const served = await serveWithAccess({ first: { fixture: 'well-behaved' } });
  return { tracker: { port: String(served.port), api_key: served.key('gateway') } };
}

it('reaches one of a file with what the file gives it, and hides the secret', async () => {
  const inputs = await upstream();
  const folder = tempDir();
  writeFileSync(join(folder, 'tracker.json'), JSON.stringify(tracker));
  const catalog = { sources: ['./tracker.json'], inputs };
  const { call, config } = await openTestGateway({}, folder, { catalog });
  expect((await call('add_mcp_server', { mcp_server_name: 'tracker' })).text).toContain('tracker is added');
  expect((await call('use_tool', { tool: 'tracker:add', params: { a: 1, b: 1 } })).text).toBe('2');
  const { api_key: key } = inputs.tracker as { api_key: string };
  expect(config.redact(`the key is ${key}`)).toBe('the key is ***');
});

it('follows a registry to no private address', async () => {
  const registry = await serverRegistry([tracker]);
  const catalog = { sources: [registry.url], inputs: await upstream() };
  const { call } = await openTestGateway({}, undefined, { catalog });
  const added = await call('add_mcp_server', { mcp_server_name: 'tracker' });
  expect(added).toMatchObject({ isError: true, text: expect.stringContaining('not a public address') });
});
