/** Subscriptions of clients of both eras to resources of a remote server of 2026-07-28 that cuts its streams. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { type AnnouncingStream, announcingServer } from '../../helpers/announcing-server.ts';
import { listen } from '../../helpers/listen.ts';
import { modern, type RelayClient, resultOf, type Stream, serveRelay } from './relay-gateway.ts';

const watched = { uri: 'test://watched' };
const updated = { method: 'notifications/resources/updated', params: watched };

async function subscribed(client: RelayClient): Promise<Stream> {
  const session = await client.open();
  const stream = await client.stream(session);
  expect(resultOf(await client.request('resources/subscribe', watched, session))).toEqual({});
  return stream;
}

async function listening(client: RelayClient): Promise<Stream> {
  const notifications: JsonObject = { resourceSubscriptions: [watched.uri] };
  const { params, headers } = modern('subscriptions/listen', { notifications });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params });
  const stream = await client.stream(headers, { method: 'POST', body });
  expect((await stream.next()).message).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
  return stream;
}

it.each([
  ['an older client', subscribed],
  ['a client of 2026-07-28', listening],
])('are asked for again after a cut, and %s hears that the resource may have changed', async (_who, subscribe) => {
  const streams: AnnouncingStream[] = [];
  const url = await listen(announcingServer('resourceSubscriptions', streams));
  const { client } = await serveRelay({}, { servers: { far: { url: String(url) } } });
  const heard = await subscribe(client('far'));
  await expect.poll(() => streams.length).toBe(1);
  const [first] = streams;
  first?.acknowledge();
  first?.say(updated.method, updated.params);
  expect((await heard.next()).message).toMatchObject(updated);
  await first?.cut();
  await expect.poll(() => streams.length).toBe(2);
  streams[1]?.acknowledge();
  expect((await heard.next()).message, 'what may have been missed').toMatchObject(updated);
  streams[1]?.say(updated.method, updated.params);
  expect((await heard.next()).message).toMatchObject(updated);
});
