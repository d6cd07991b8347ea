/** A running gateway and its remote servers: what reaches them of a client, and a login that comes while it runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, serveGateway, startCli } from '../../helpers/cli.ts';
import { greeter } from '../../helpers/greeter.ts';
import { listen } from '../../helpers/listen.ts';
import { OAuthServer } from '../../helpers/oauth-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function configured(servers: object, keys: object = {}): string[] {
  const folder = tempDir('remote');
  const file = join(folder, 'tooldex.json');
  writeFileSync(file, JSON.stringify({ servers, ...keys }));
  return ['--config', file, '--data-dir', join(folder, 'data')];
}

/** What `tools/call` answers, as text. */
async function callOver(url: URL, params: object, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return response.text();
}

const greet = { name: 'greet', arguments: { name: 'Ada' } };

describe('a gateway with remote servers', () => {
  it('#62 never passes on what a client shows to the gateway', async () => {
    const seen: string[] = [];
    const serveOne = greeter();
    const url = await listen((request, response) => {
      seen.push(JSON.stringify(request.headers));
      return serveOne(request, response);
    });
    await using gateway = await serveGateway(configured({ far: { url: url.href } }));
    const shown = { authorization: 'Bearer shown-to-the-gateway', cookie: 'shown=too', 'x-api-key': 'shown-as-well' };
    const use = { name: 'use_tool', arguments: { server: 'far', tool: 'greet', params: { name: 'Ada' } } };
    expect(await callOver(new URL('/mcp/far', gateway.url), greet, shown)).toContain('Hello, Ada');
    expect(await callOver(gateway.url, use, shown)).toContain('Hello, Ada');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.join('\n')).not.toContain('shown');
  });

  it('uses a login that another process brings, without a restart', async () => {
    const oauth = await OAuthServer.start();
    const flags = configured({ far: { url: oauth.url.href } });
    await using gateway = await serveGateway(flags);
    const use = { name: 'use_tool', arguments: { server: 'far', tool: 'greet', params: { name: 'Ada' } } };
    for (const _ of [1, 2, 3]) expect(await callOver(gateway.url, use)).toContain('tooldex login far');
    await using login = startCli(['login', 'far', '--no-browser', ...flags]);
    const [address = ''] = await login.printed(/http:\/\/127\.0\.0\.1:\d+\/authorize\S+/);
    await (await fetch(address)).text();
    expect(await login.ended).toMatchObject({ code: 0 });
    expect(await callOver(gateway.url, use)).toContain('Hello, Ada');
  });

  it('#31 keeps the tools of one whose login has ended', async () => {
    const oauth = await OAuthServer.start();
    const flags = configured({ far: { url: oauth.url.href } });
    await using login = startCli(['login', 'far', '--no-browser', ...flags]);
    const [address = ''] = await login.printed(/http:\/\/127\.0\.0\.1:\d+\/authorize\S+/);
    await (await fetch(address)).text();
    await login.ended;
    expect((await runCli(['index', 'far', ...flags])).code).toBe(0);
    await runCli(['logout', 'far', ...flags]);
    await runCli(['index', 'far', ...flags]);
    expect((await runCli(['list', 'far', ...flags])).stdout).toContain('greet');
    expect((await runCli(['search', 'say hello', '--json', ...flags])).stdout).toContain('greet');
  });

  it('#55 lets no agent bring one that stands in its own network', async () => {
    const seen: (string | undefined)[] = [];
    const serveOne = greeter();
    const url = await listen((request, response) => {
      seen.push(request.url);
      return serveOne(request, response);
    });
    await using gateway = await serveGateway(configured({}, { add_servers: 'always' }));
    const add = { name: 'add_mcp_server', arguments: { name: 'near', config: { url: url.href } } };
    expect(await callOver(gateway.url, add)).toContain('not a public address');
    expect(seen).toEqual([]);
  });
});
