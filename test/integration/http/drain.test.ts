import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { serveHttp } from '../../../src/gateway-doors.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from '../gateway/open-gateway.ts';

it('#33 answers the call that is under way when the gateway ends, and refuses the next', async () => {
  const gate = join(tempDir('gate'), 'open');
  const { gateway, config } = await openTestGateway({ good: { fixture: 'well-behaved' } });
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log: () => undefined });
  onTestFinished(() => server.close());
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'use_tool', arguments: { server: 'good', tool: 'wait', params: { file: gate } } },
  });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const answer = fetch(server.url, { method: 'POST', headers, body });
  await expect.poll(async () => (await gateway.open()).pool.state('good')).toMatchObject({ kind: 'ready', leases: 1 });
  const closed = server.close();
  await expect(connects(server.url)).resolves.toBe(false);
  writeFileSync(gate, '');
  const result = (await (await answer).json()) as { result?: { isError?: boolean } };
  expect(result.result).toBeDefined();
  expect(JSON.stringify(result.result)).toContain('waited');
  await closed;
});

it('#33 waits for nobody who went away while one request waited behind another', async () => {
  const gate = join(tempDir('gate'), 'open');
  const { gateway, config } = await openTestGateway({ good: { fixture: 'well-behaved' } });
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log: () => undefined });
  const params = { name: 'wait', arguments: { file: gate } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const head = 'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nHost: localhost\r\n';
  const call = `POST /mcp/good HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(Number(server.url.port), '127.0.0.1');
  socket.write(call + call);
  const { pool } = await gateway.open();
  await expect.poll(() => pool.state('good')).toMatchObject({ kind: 'ready', leases: 1 });
  socket.destroy();
  await expect.poll(() => pool.state('good')).toMatchObject({ kind: 'ready', leases: 0 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await server.close();
});

it('#33 answers requests that are sent without waiting one after the other', async () => {
  const { gateway, config } = await openTestGateway({ good: { fixture: 'well-behaved' } });
  const server = await serveHttp(gateway, { config, host: '127.0.0.1', port: 0, log: () => undefined });
  onTestFinished(() => server.close());
  const names = ['first', 'second', 'third'];
  const asked = names.map((name) => `GET /${name} HTTP/1.1\r\nHost: localhost\r\n`);
  const socket = connect(Number(server.url.port), '127.0.0.1');
  socket.write(`${asked.join('\r\n')}Connection: close\r\n\r\n`);
  expect((await text(socket)).match(/nothing is at GET \/\w+/g)).toEqual(
    names.map((name) => `nothing is at GET /${name}`),
  );
});

function connects(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(new URL('/healthz', url), { agent: false }, (response) => {
      response.resume();
      resolve(true);
    });
    asked.once('error', () => resolve(false)).end();
  });
}
