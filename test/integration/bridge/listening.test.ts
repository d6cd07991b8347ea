/** A remote server of 2026-07-28 whose stream of its own messages is cut, by a clock that runs a hundred times as fast. */
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../src/bridge/open-session.ts';
import { followResources } from '../../../src/bridge/resource-news.ts';
import type { Clock } from '../../../src/stdx/clock.ts';
import { type AnnouncingStream, announcingServer } from '../../helpers/announcing-server.ts';
import { listen } from '../../helpers/listen.ts';

const FAST: Clock = {
  now: () => performance.now() * 100,
  after(delayMs, wake) {
    const timer = setTimeout(wake, delayMs / 100);
    return () => clearTimeout(timer);
  },
};

const URI = 'test://watched';

async function connect(of: string) {
  const streams: AnnouncingStream[] = [];
  const url = await listen(announcingServer(of, streams));
  const session = await openSession(
    { kind: 'remote', url, transport: 'streamable-http', headers: {} },
    // The hint is for patience: a hundredth of it has to do for a first request.
    {
      server: 'far',
      clientInfo: { name: 'tests', version: '1' },
      eraHint: 'modern',
      startTimeoutMs: 2_000_000,
      clock: FAST,
    },
  );
  onTestFinished(() => session.close('the test is over'));
  /** The stream of that number, from 1 on, once it is there. */
  const stream = async (number: number): Promise<AnnouncingStream> => {
    await expect.poll(() => streams.length).toBe(number);
    const found = streams[number - 1];
    if (!found) throw new Error('nobody listens');
    return found;
  };
  return { session, stream, streams };
}

/** As long as a stream lasts that was one: ten seconds of the fast clock. */
const lasting = () => new Promise((resolve) => setTimeout(resolve, 200));

const CHANGED = 'notifications/tools/list_changed';

it('opens it again, and tells that something may have been missed', async () => {
  const { session, stream } = await connect('toolsListChanged');
  const heard: string[] = [];
  session.onNotification((method) => heard.push(method));
  const first = await stream(1);
  await lasting();
  expect(heard).toEqual([]);
  await first.cut();
  const second = await stream(2);
  await expect.poll(() => heard).toEqual([CHANGED]);
  second.say(CHANGED, {});
  await expect.poll(() => heard).toEqual([CHANGED, CHANGED]);
});

describe('news of resources', () => {
  async function follow() {
    const connected = await connect('resourceSubscriptions');
    const missed: string[] = [];
    const over = new AbortController();
    const news = { uris: [URI], missed: (uri: string) => missed.push(uri), signal: over.signal, clock: FAST };
    followResources(connected.session, news);
    return { ...connected, missed, over };
  }

  it.each([
    ['at once', async () => {}],
    ['after a while', lasting],
  ])(
    'are asked for again when their stream is cut %s, and a change that may have been missed is told',
    async (_when, wait) => {
      const { session, stream, missed } = await follow();
      const updated: unknown[] = [];
      session.onNotification((method, { uri = null }) => {
        if (method === 'notifications/resources/updated') updated.push(uri);
      });
      const first = await stream(1);
      first.acknowledge();
      first.say('notifications/resources/updated', { uri: URI });
      await expect.poll(() => updated).toEqual([URI]);
      await wait();
      await first.cut();
      const second = await stream(2);
      expect(missed, 'nobody is told to look before the server listens').toEqual([]);
      second.acknowledge();
      await expect.poll(() => missed).toEqual([URI]);
      second.say('notifications/resources/updated', { uri: URI });
      await expect.poll(() => updated).toEqual([URI, URI]);
      expect(missed).toEqual([URI]);
    },
  );

  it('are not asked for any more once nobody wants them', async () => {
    const { stream, streams, over, missed } = await follow();
    const first = await stream(1);
    first.acknowledge();
    const closed = once(first.response, 'close');
    over.abort();
    await closed;
    await lasting();
    expect([streams.length, missed]).toEqual([1, []]);
  });
});
