/** A remote server of 2026-07-28 whose stream of its own messages is cut, by a clock that runs a hundred times as fast. */
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../src/bridge/open-session.ts';
import type { Clock } from '../../../src/stdx/clock.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { listen } from '../../helpers/listen.ts';

const FAST: Clock = {
  now: () => performance.now() * 100,
  after(delayMs, wake) {
    const timer = setTimeout(wake, delayMs / 100);
    return () => clearTimeout(timer);
  },
};

const DISCOVERED: JsonObject = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true } },
};

async function read(request: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}

/** Gives the stream of each who listens to `listened`. */
function server(listened: (stream: ServerResponse) => void): RequestListener {
  return async (request, response) => {
    const { id = null, method } = await read(request);
    if (method === 'subscriptions/listen') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      listened(response);
    } else {
      const result = method === 'server/discover' ? DISCOVERED : { resultType: 'complete', tools: [] };
      response.writeHead(id === null ? 202 : 200, { 'content-type': 'application/json' });
      response.end(id === null ? '' : JSON.stringify({ jsonrpc: '2.0', id, result }));
    }
  };
}

const CHANGED = 'notifications/tools/list_changed';
const say = (stream: ServerResponse) =>
  stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: CHANGED, params: {} })}\n\n`);

it('opens it again, and tells that something may have been missed', async () => {
  const streams: ServerResponse[] = [];
  const url = await listen(server((stream) => streams.push(stream)));
  const session = await openSession(
    { kind: 'remote', url, transport: 'streamable-http', headers: {} },
    { server: 'far', clientInfo: { name: 'tests', version: '1' }, startTimeoutMs: 2_000_000, clock: FAST },
  );
  onTestFinished(() => session.close('the test is over'));
  const heard: string[] = [];
  session.onNotification((method) => heard.push(method));
  await expect.poll(() => streams.length, { timeout: 10_000 }).toBe(1);
  // As long as a stream lasts that was one: ten seconds of the fast clock.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(heard).toEqual([]);
  const [first] = streams;
  if (!first) throw new Error('nobody listened');
  first.destroy();
  await once(first, 'close');
  await expect.poll(() => streams.length, { timeout: 10_000 }).toBe(2);
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual([CHANGED]);
  const second = streams[1];
  if (second) say(second);
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual([CHANGED, CHANGED]);
}, 60_000);
