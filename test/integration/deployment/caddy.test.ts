/** The Caddyfile that is shipped, in a real Caddy, between a gateway and an edge as Cloudflare is one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMcpEndpoint } from '../../../src/http/mcp-endpoint.ts';
import type { ToolOffer } from '../../../src/meta-tools/tool-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import { freePort } from '../../helpers/free-port.ts';
import { startEdge } from '../../helpers/http-edge.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, send, serveWithAccess } from '../access/serve-access.ts';

const hasCaddy = spawnSync('caddy', ['version']).status === 0;
if (!hasCaddy) console.log('left out: tests with Caddy, for there is no caddy on PATH (Debian: apt-get install caddy)');

/** Resolves with its port of loopback once it takes connections; ended when the test ends. */
async function startCaddy(upstream: number): Promise<number> {
  const port = await freePort();
  const home = tempDir('caddy');
  const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const caddy = spawn('caddy', ['run', '--config', 'config/Caddyfile', '--adapter', 'caddyfile'], {
    env: { ...env, TOOLDEX_SITE: `:${port}`, TOOLDEX_UPSTREAM: `127.0.0.1:${upstream}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(caddy, 'close');
  onTestFinished(async () => {
    caddy.kill('SIGKILL');
    await ended;
  });
  let said = '';
  caddy.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (!(await takesConnections(port))) {
    if (caddy.exitCode !== null) throw new Error(`caddy ended:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return port;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What Cloudflare's tunnel sends on to Caddy of a request for https://tools.example.com. */
const EDGE_HEADERS = { host: 'tools.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };

const PUBLIC = {
  listen: { public_url: 'https://tools.example.com', trusted_proxies: ['127.0.0.1'] },
  auth: { api_keys: true },
  metrics: true,
};

describe.runIf(hasCaddy)('behind Caddy and an edge', () => {
  it('is https and its public name to clients, whatever they reach it by (#58)', async () => {
    const gateway = await serveWithAccess({ good: { fixture: 'well-behaved' } }, PUBLIC);
    const edge = await startEdge({ to: await startCaddy(gateway.port), idleMs: 60_000, headers: EDGE_HEADERS });
    const refused = await send(edge, '/mcp', { method: 'POST', body: {} });
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toContain('resource_metadata="https://tools.example.com/.well-known/');
    const metadata = await send(edge, '/.well-known/oauth-protected-resource/mcp', {});
    expect(JSON.parse(metadata.text)).toMatchObject({ resource: 'https://tools.example.com/mcp' });
  });

  it('answers whoever has a key, and shows the Internet no metrics', async () => {
    const gateway = await serveWithAccess({ good: { fixture: 'well-behaved' } }, PUBLIC);
    const edge = await startEdge({ to: await startCaddy(gateway.port), idleMs: 60_000, headers: EDGE_HEADERS });
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...bearer(gateway.key('me')),
    };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const list = await send(edge, '/mcp', { method: 'POST', headers, body });
    expect(list.status).toBe(200);
    expect(list.text).toContain('search_mcp_server');
    // Empty: Caddy's own answer, not the gateway's.
    expect(await send(edge, '/metrics', { headers })).toMatchObject({ status: 404, text: '' });
  });

  it('lets no name through that is not its own (#58)', async () => {
    const gateway = await serveWithAccess({ good: { fixture: 'well-behaved' } }, PUBLIC);
    const caddy = await startCaddy(gateway.port);
    const edge = await startEdge({ to: caddy, idleMs: 60_000, headers: { ...EDGE_HEADERS, host: 'evil.example.net' } });
    expect((await send(edge, '/healthz', {})).status).toBe(403);
  });

  it('carries a long silent call past an edge that cuts idle connections, each sign of life at once (#59)', async () => {
    const { port, release } = await silentTool();
    const edge = await startEdge({ to: await startCaddy(port), idleMs: 2_000 });
    const answer = await fetch(`http://127.0.0.1:${edge}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'slow' } }),
    });
    const begun = performance.now();
    let text = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (performance.now() - begun > 3_000) release();
    }
    expect(text).toMatch(/^: still working/);
    expect(text).toContain('at last');
  });
});

async function silentTool(): Promise<{ port: number; release: () => void }> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const offer: ToolOffer = {
    identity: { name: 'tooldex', title: 'Tooldex', version: '1.2.3' },
    instructions: '',
    listTtlMs: 1_000,
    list: async () => ({ tools: [] }),
    call: async () => {
      await released;
      return { content: [{ type: 'text', text: 'at last' }] };
    },
  };
  const endpoint = createMcpEndpoint(() => offer, { bodyBytesMax: 65_536, onError: () => undefined, silenceMs: 40 });
  const server = createServer((request, response) => void endpoint.handle({ request, response, principal: LOCAL }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  onTestFinished(() => endpoint.close());
  return { port: (server.address() as AddressInfo).port, release };
}
