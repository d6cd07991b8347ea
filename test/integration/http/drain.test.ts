import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
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

function connects(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(new URL('/healthz', url), { agent: false }, (response) => {
      response.resume();
      resolve(true);
    });
    asked.once('error', () => resolve(false)).end();
  });
}
