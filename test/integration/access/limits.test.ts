import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { journaled } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

const echo = (text: string) => ({
  method: 'tools/call',
  params: { name: 'use_tool', arguments: { mcp_server_name: 'one', mcp_tool_name: 'echo', params: { text } } },
});

describe('limits of callers', () => {
  it('answer a call too many in the tool’s result: code, hint and time to wait', async () => {
    const servers = { one: { fixture: 'well-behaved', keys: { limits: { tool_rate: '2/h' } } } };
    const { rpc, key } = await serveWithAccess(servers);
    const [ada, bob] = [bearer(key('ada')), bearer(key('bob'))];
    expect((await rpc('/mcp', echo('1'), ada)).text).not.toContain('RATE_LIMITED');
    expect(
      (await rpc('/mcp/one', { method: 'tools/call', params: { name: 'echo', arguments: { text: '2' } } }, bob)).text,
    ).toContain('2');
    const { result } = JSON.parse((await rpc('/mcp', echo('3'), ada)).text) as { result: JsonObject };
    expect(result).toMatchObject({
      isError: true,
      _meta: { 'tooldex/code': 'RATE_LIMITED', 'tooldex/retryAfterMs': expect.any(Number) },
      content: [
        {
          text: expect.stringMatching(/one:echo takes no more than 2 calls in 3600 s\nhint: try again in 1[78]\d\d s/),
        },
      ],
    });
    const direct = JSON.parse(
      (await rpc('/mcp/one', { method: 'tools/call', params: { name: 'echo', arguments: { text: '4' } } }, bob)).text,
    );
    expect(direct.error.data).toEqual({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    expect(direct.error.data.retryAfterMs).toBeLessThanOrEqual(1_800_000);
    expect(direct.error.data.retryAfterMs).toBeGreaterThan(1_700_000);
  });

  it('say by both doors when a server that is busy may take the next call', async () => {
    const limits = { concurrency: 1, queue: 0 };
    const journal = join(tempDir('journal'), 'journal');
    const args = ['--journal', journal];
    const servers = { one: { fixture: 'well-behaved', args, keys: { limits, scope: 'shared' } } };
    const { rpc, key } = await serveWithAccess(servers);
    const ada = bearer(key('ada'));
    const file = join(tempDir('gate'), 'open');
    const direct = (name: string, args: JsonObject) =>
      rpc('/mcp/one', { method: 'tools/call', params: { name, arguments: args } }, ada);
    const waiting = direct('wait', { file });
    await journaled(journal, 'waiting');
    const refused = JSON.parse((await direct('echo', { text: 'a' })).text);
    expect(refused.error.data).toEqual({ code: 'SERVER_BUSY', retryAfterMs: expect.any(Number) });
    const { result } = JSON.parse((await rpc('/mcp', echo('b'), ada)).text) as { result: JsonObject };
    expect(result).toMatchObject({
      isError: true,
      _meta: { 'tooldex/code': 'SERVER_BUSY', 'tooldex/retryAfterMs': expect.any(Number) },
    });
    writeFileSync(file, '');
    expect((await waiting).text).toContain('waited');
  });

  it('are of each principal', async () => {
    const limits = { rate: '1/h' };
    const { rpc, key } = await serveWithAccess(
      { one: { fixture: 'well-behaved' } },
      { auth: { api_keys: true }, limits },
    );
    const [ada, bob] = [bearer(key('ada')), bearer(key('bob'))];
    expect((await rpc('/mcp', echo('1'), ada)).text).not.toContain('RATE_LIMITED');
    expect((await rpc('/mcp', echo('2'), ada)).text).toContain('RATE_LIMITED');
    expect((await rpc('/mcp', echo('3'), bob)).text).not.toContain('RATE_LIMITED');
  });
});

describe('wrong credentials', () => {
  it('#58 from one address are answered 429 after some, whatever X-Forwarded-For the client writes; right ones get in', async () => {
    const { ask, key } = await serveWithAccess({}, { auth: { api_keys: true }, limits: { failed_logins: '3/h' } });
    const attempt = (address: string) =>
      ask('/readyz', { headers: { 'x-api-key': 'wrong', 'x-forwarded-for': address, 'cf-connecting-ip': address } });
    const replies = [];
    for (const address of ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4']) replies.push(await attempt(address));
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 429]);
    expect(Number(replies[3]?.headers['retry-after'])).toBeGreaterThan(1_000);
    expect((await ask('/readyz', { headers: { 'x-api-key': key('ci') } })).status).toBe(200);
    expect((await ask('/readyz')).status).toBe(401);
  });

  it('behind a listed proxy are counted by the address that it reports', async () => {
    const { ask } = await serveWithAccess(
      {},
      { listen: { trusted_proxies: ['127.0.0.1'] }, auth: { api_keys: true }, limits: { failed_logins: '1/h' } },
    );
    const status = async (address: string) =>
      (await ask('/readyz', { headers: { 'x-api-key': 'wrong', 'x-forwarded-for': address } })).status;
    expect([await status('6.6.6.6, 1.1.1.1'), await status('7.7.7.7, 1.1.1.1'), await status('2.2.2.2')]).toEqual([
      401, 429, 401,
    ]);
  });
});

describe('what the door takes (#44)', () => {
  it('is bounded in body and header', async () => {
    const { rpc, ask, key } = await serveWithAccess({}, { listen: { body_size: '64KiB' }, auth: { api_keys: true } });
    const right = bearer(key('ci'));
    expect((await rpc('/mcp', echo('x'.repeat(70_000)), right)).status).toBe(413);
    expect((await rpc('/mcp', echo('x'.repeat(70_000)))).status).toBe(401);
    expect((await ask('/healthz', { headers: { 'x-long': 'x'.repeat(40_000) } })).status).toBe(431);
    expect((await rpc('/mcp', { method: 'tools/list' }, right)).status).toBe(200);
  });

  it('is bounded in depth: 10,000 levels are answered and harm nobody', async () => {
    const { ask, rpc, key } = await serveWithAccess({ one: { fixture: 'well-behaved' } });
    const headers = {
      ...bearer(key('ci')),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    for (const path of ['/mcp', '/mcp/one']) {
      const name = path === '/mcp' ? 'use_tool' : 'echo';
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{"mcp_tool_name":"echo","params":{"text":${deep}},"text":${deep}}}}`;
      const { status, text } = await ask(path, { method: 'POST', headers, body });
      expect([path, status]).toEqual([path, 400]);
      expect(text).toContain('nested too deeply');
    }
    const brackets = await rpc('/mcp', echo('[{"\\'.repeat(300)), bearer(key('texts')));
    expect(brackets.status).toBe(200);
    expect(brackets.text).not.toContain('isError":true');
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('is bounded in time: a request that never arrives is answered 408 and its connection closed', async () => {
    const { port, key } = await serveWithAccess({}, { listen: { request_timeout: '300ms' }, auth: { api_keys: true } });
    for (const head of [
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\n',
      `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key(`k${Math.random()}`.replace('0.', ''))}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ]) {
      const socket = connect(port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.write(head);
      await once(socket, 'close');
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
    }
  });
});
