/** What somebody may no longer do is refused from the next request on, however often it was done before. */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { modern } from '../http/relay-gateway.ts';
import { bearer, type Reply, type ServedGateway, serveWithAccess } from './serve-access.ts';

const MAY = { for: ['key:ada'], servers: ['*'], profiles: ['*'] };
const ROOT = { for: ['key:root'], servers: ['*'], profiles: ['*'], admin: true };

const call = (name: string, given: JsonObject) => ({ method: 'tools/call', params: { name, arguments: given } });
const echo = call('echo', { text: 'hi' });
const list = { method: 'tools/list' };
const INITIALIZE = {
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};

async function serve(): Promise<ServedGateway> {
  return serveWithAccess(
    { open: { fixture: 'well-behaved' }, vault: { fixture: 'well-behaved' } },
    {
      auth: { api_keys: true },
      access: { rules: [ROOT, MAY] },
      profiles: { safe: { servers: ['vault'], exposure: 'direct' } },
    },
  );
}

/** As the file has it from now on. */
async function setRules({ ask, config }: ServedGateway, root: Record<string, string>, rules: JsonObject[]) {
  const { file } = config.source;
  const written = JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
  writeFileSync(file, JSON.stringify({ ...written, access: { rules } }));
  const headers = { 'content-type': 'application/json', ...root };
  expect((await ask('/api/reload', { method: 'POST', headers })).status).toBe(200);
}

/** Each door to the vault, what it says to who may use it, and to who may not. */
async function doorsOf({ rpc }: ServedGateway, own: Record<string, string>) {
  const { headers } = await rpc('/mcp/vault', INITIALIZE, own);
  const session = { 'mcp-session-id': String(headers['mcp-session-id']), ...own };
  const used = call('use_tool', { server: 'vault', tool: 'echo', params: { text: 'hi' } });
  return [
    { ask: () => rpc('/mcp', list, own), open: /vault/, shut: /Servers: open/ },
    { ask: () => rpc('/mcp', INITIALIZE, own), open: /vault/, shut: /Servers: open/ },
    { ask: () => rpc('/mcp', used, own), open: /"text":"hi"/, shut: /isError/ },
    { ask: () => rpc('/mcp/vault', echo, own), open: /"text":"hi"/, shut: 404 },
    { ask: () => rpc('/mcp/vault', echo, session), open: /"text":"hi"/, shut: 404 },
    { ask: () => rpc('/mcp/vault', list, session), open: /"echo"/, shut: 404 },
    { ask: () => rpc('/mcp/safe', list, own), open: /"echo"/, shut: 404 },
    { ask: () => rpc('/mcp/safe', echo, own), open: /"text":"hi"/, shut: 404 },
  ];
}

function expectShut({ status, text }: Reply, shut: RegExp | number): void {
  if (typeof shut === 'number') expect(status).toBe(shut);
  else expect(text).toMatch(shut);
  expect(text).not.toMatch(/"text":"hi"|Servers:[^"]*vault/);
}

interface Asking {
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** Subscribes as clients of 2026-07-28 do. */
function listening(own: Record<string, string>): Asking {
  const { params, headers } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params });
  return { headers: { 'content-type': 'application/json', ...headers, ...own }, body };
}

/** Open when it resolves. */
function openStream(port: number, path: string, { body, ...asking }: Asking): Promise<{ isOpen: boolean }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { accept: 'application/json, text/event-stream', ...asking.headers };
    const asked = request({ host: '127.0.0.1', port, path, method, headers });
    asked.once('response', (response) => {
      const stream = { isOpen: true };
      response.once('close', () => {
        stream.isOpen = false;
      });
      response.on('error', () => undefined).once('data', () => resolve(stream));
    });
    asked.once('error', reject).end(body);
    onTestFinished(() => void asked.destroy());
  });
}

it('#51 a rule that changes ends the streams of what is hidden now, and no other', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const served = await serve();
  const [root, ada] = [bearer(served.key('root')), bearer(served.key('ada'))];
  const open = (path: string, asking: Asking) => openStream(served.port, path, asking);
  await served.rpc('/mcp', call('add_mcp_server', { mcp_server_name: 'vault' }), ada);
  const hidden = [await open('/mcp/v%61ult/sse', { headers: ada }), await open('/mcp/vault', listening(ada))];
  const others = [
    await open('/mcp/vault/sse', { headers: root }),
    await open('/mcp/vault', listening(root)),
    await open('/mcp/%6fpen/sse', { headers: ada }),
  ];
  await vi.advanceTimersByTimeAsync(10_000);
  expect([...hidden, ...others].map(({ isOpen }) => isOpen)).not.toContain(false);
  await setRules(served, root, [ROOT, { for: ['key:ada'], servers: ['open'] }]);
  await vi.advanceTimersByTimeAsync(5_000);
  await expect.poll(() => hidden.map(({ isOpen }) => isOpen)).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(others.map(({ isOpen }) => isOpen)).not.toContain(false);
});

it('#51 a rule that changes shuts each door at once, and opens it again', async () => {
  const served = await serve();
  const [root, ada] = [bearer(served.key('root')), bearer(served.key('ada'))];
  await served.rpc('/mcp', call('add_mcp_server', { mcp_server_name: 'vault' }), ada);
  const doors = await doorsOf(served, ada);
  for (let round = 0; round < 2; round++) for (const { ask, open } of doors) expect((await ask()).text).toMatch(open);
  await setRules(served, root, [ROOT, { for: ['key:ada'], servers: ['open'] }]);
  for (const { ask, shut } of doors) expectShut(await ask(), shut);
  await setRules(served, root, [ROOT, MAY]);
  for (const { ask, open } of doors) expect((await ask()).text).toMatch(open);
});

it('#56 a key that is revoked shuts each door at once', async () => {
  const served = await serve();
  const ada = bearer(served.key('ada'));
  await served.rpc('/mcp', call('add_mcp_server', { mcp_server_name: 'vault' }), ada);
  const doors = await doorsOf(served, ada);
  for (const { ask, open } of doors) expect((await ask()).text).toMatch(open);
  const lookedAt = Date.now();
  served.keys.revoke('ada');
  // Keys are known for a millisecond.
  while (Date.now() === lookedAt);
  for (const { ask } of doors) expect((await ask()).status).toBe(401);
});
