import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

it('#51 a rule holds in a profile under whatever name the profile shows a tool', async () => {
  const { rpc, key } = await serveWithAccess({ one: { fixture: 'well-behaved' } }, {
    auth: { api_keys: true },
    profiles: { desk: { servers: ['one'], exposure: 'direct', tools: { rename: { 'one:add': 'sum' } } } },
    access: {
      rules: [
        { for: ['*'], servers: ['*'], profiles: ['desk'] },
        { for: ['key:guest'], deny: ['one:add'] },
      ],
    },
  } as JsonObject);
  const [boss, guest] = [bearer(key('boss')), bearer(key('guest'))];
  const add = { mcp_server_name: 'one' };
  await rpc('/mcp', { method: 'tools/call', params: { name: 'add_mcp_server', arguments: add } }, boss);
  expect((await rpc('/mcp/desk', { method: 'tools/list' }, boss)).text).toContain('"sum"');
  expect((await rpc('/mcp/desk', { method: 'tools/list' }, guest)).text).not.toContain('"sum"');
  const sum = { method: 'tools/call', params: { name: 'sum', arguments: { a: 1, b: 2 } } };
  expect((await rpc('/mcp/desk', sum, boss)).text).toContain('3');
  expect(JSON.parse((await rpc('/mcp/desk', sum, guest)).text)).not.toHaveProperty('result.structuredContent');
  expect((await rpc('/mcp/desk', sum, guest)).text).toMatch(/TOOL_UNKNOWN|Unknown tool/);
});
