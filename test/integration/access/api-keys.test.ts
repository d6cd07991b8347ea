import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDoor } from '../../../src/gateway-access.ts';
import { openTestGateway } from '../gateway/open-gateway.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

describe('a gateway with API keys', () => {
  it('lets those in who have a key, by either header, and nobody else', async () => {
    const { rpc, key, keys } = await serveWithAccess({});
    const ci = key('ci');
    const list = { method: 'tools/list' };
    expect((await rpc('/mcp', list)).status).toBe(401);
    expect((await rpc('/mcp', list, bearer(ci))).status).toBe(200);
    expect((await rpc('/mcp', list, { 'x-api-key': ci })).status).toBe(200);
    expect((await rpc('/mcp', list, { ...bearer(ci), 'x-api-key': 'tdx_wrong' })).status).toBe(401);
    expect((await rpc('/mcp', list, { authorization: `Basic ${ci}` })).status).toBe(401);
    expect((await rpc(`/mcp?api_key=${ci}`, list)).status).toBe(401);
    keys.revoke('ci');
    expect((await rpc('/mcp', list, bearer(ci))).status).toBe(401);
  });

  it('#58 says where a client learns how to get in, under the name by which it came', async () => {
    const listen = { trusted_proxies: ['127.0.0.1'], allowed_hosts: ['tools.example.com'] };
    const { ask } = await serveWithAccess({}, { listen, auth: { api_keys: true } });
    const edge = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'tools.example.com' };
    const refused = await ask('/mcp/files', { method: 'POST', headers: edge });
    expect(refused.status).toBe(401);
    const [, url = ''] = /resource_metadata="([^"]+)"/.exec(String(refused.headers['www-authenticate'])) ?? [];
    expect(url).toBe('https://tools.example.com/.well-known/oauth-protected-resource/mcp/files');
    const metadata = await ask(new URL(url).pathname, { headers: edge });
    expect(JSON.parse(metadata.text)).toEqual({
      resource: 'https://tools.example.com/mcp/files',
      resource_name: 'Tooldex',
      bearer_methods_supported: ['header'],
    });
  });

  it('echoes nothing of a request into the challenge', async () => {
    const { ask } = await serveWithAccess({});
    const { headers, text } = await ask('/mcp/x%22,error=%22y', { headers: bearer('tdx_"quoted') });
    expect(String(headers['www-authenticate'])).toMatch(/oauth-protected-resource\/mcp"$/);
    expect(text).not.toContain('quoted');
  });
});

describe('names (#49)', () => {
  it('are checked before anything else, on every route', async () => {
    const { ask, key } = await serveWithAccess({});
    const right = bearer(key('ci'));
    for (const path of [
      '/mcp',
      '/mcp/files',
      '/healthz',
      '/readyz',
      '/nowhere',
      '/.well-known/oauth-protected-resource',
    ])
      for (const headers of [
        { host: 'evil.example' } as Record<string, string | string[]>,
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: ['http://localhost', 'https://evil.example'] },
      ])
        expect([path, (await ask(path, { headers: { ...right, ...headers } })).status]).toEqual([path, 403]);
  });
});

describe('an address that others can reach', () => {
  it('is refused without authentication, and the error is what to write', async () => {
    const { config } = await openTestGateway({});
    const refused = openDoor({ config, host: '0.0.0.0', log: () => undefined });
    await expect(refused).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      hint: expect.stringContaining('auth:\n  api_keys: true'),
    });
  });

  it('is served with it', async () => {
    const { ask, key } = await serveWithAccess({}, { listen: { host: '0.0.0.0' }, auth: { api_keys: true } });
    const right = bearer(key('ci'));
    expect((await ask('/readyz', { headers: { ...right, host: '192.0.2.7:8080' } })).status).toBe(200);
    expect((await ask('/readyz', { headers: { ...right, host: 'rebound.example' } })).status).toBe(403);
    expect((await ask('/readyz', { headers: { host: '192.0.2.7:8080' } })).status).toBe(401);
  });
});

it('counts and audits requests that are turned away, without what they sent', async () => {
  const { ask, key, rpc, config } = await serveWithAccess(
    {},
    {
      auth: { api_keys: true },
      metrics: true,
      audit: { file: './refused.jsonl' },
      access: { rules: [{ for: ['group:admins'], admin: true }] },
    },
  );
  const admin = bearer(key('boss', ['admins']));
  await ask('/mcp');
  await ask('/mcp', { headers: bearer('tdx_guessed') });
  await ask('/healthz', { headers: { host: 'evil.example' } });
  await rpc('/mcp', { method: 'tools/list' }, admin);
  const { text } = await ask('/metrics', { headers: admin });
  for (const reason of ['name', 'no_credentials', 'wrong_credentials'])
    expect(text).toContain(`tooldex_refused_requests_total{reason="${reason}"} 1`);
  const lines = () =>
    readFileSync(config.audit?.file ?? '', 'utf8')
      .trimEnd()
      .split('\n');
  await expect.poll(() => lines().length).toBe(3);
  expect(lines().map((line) => JSON.parse(line))).toMatchObject([
    { principal: 'nobody', door: 'http', outcome: 'UNAUTHENTICATED', address: '127.0.0.1' },
    { principal: 'nobody', outcome: 'UNAUTHENTICATED' },
    { principal: 'nobody', outcome: 'NOT_ALLOWED' },
  ]);
  expect(lines().join()).not.toContain('guessed');
});
