import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createDrain } from '../../../src/http/drain.ts';

async function openServer() {
  const server = createServer();
  const { begun, end: drain } = createDrain(server);
  server.on('request', begun);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const next = async () => (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  return { drain, url, next };
}

it('#33 waits for a call that is under way, and takes no new one', async () => {
  const { drain, url, next } = await openServer();
  const asked = next();
  const answer = fetch(url, { method: 'POST', body: '{}' });
  const [, response] = await asked;
  let isDrained = false;
  const drained = drain(60_000).then(() => {
    isDrained = true;
  });
  await expect(fetch(url, { method: 'POST', body: '{}' })).rejects.toThrow();
  expect(isDrained).toBe(false);
  response.end('done');
  expect(await (await answer).text()).toBe('done');
  expect((await answer).headers.get('connection')).toBe('close');
  await drained;
});

it('#33 waits no longer than it is given', async () => {
  const { drain, url, next } = await openServer();
  const asked = next();
  const answer = fetch(url, { method: 'POST', body: '{}' });
  const [, response] = await asked;
  await drain(1);
  response.end('late');
  expect(await (await answer).text()).toBe('late');
});

it.each([
  ['a stream of the older protocol', { method: 'GET' }],
  ['a subscription', { method: 'POST', headers: { 'mcp-method': 'subscriptions/listen' }, body: '{}' }],
])('does not wait for %s, which never ends', async (_, init) => {
  const { drain, url, next } = await openServer();
  const asked = next();
  const answer = fetch(url, init);
  const [, response] = await asked;
  await drain(60_000);
  response.end();
  await answer;
});
