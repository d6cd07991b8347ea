/** Streams of a server's own messages that end, with a clock that a test moves. */
import { expect, it } from 'vitest';
import { keepListening } from '../../../src/bridge/keep-listening.ts';
import { GatewayError } from '../../../src/errors.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';

function setUp() {
  const clock = fakeClock();
  const begun: { readonly atMs: number; end(error?: Error): Promise<void> }[] = [];
  const missed: boolean[] = [];
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      const end = async (error?: Error) => {
        if (error) reject(error);
        else resolve();
        await settled();
      };
      begun.push({ atMs: clock.now(), end });
    });
  keepListening({ clock, listen, closed, missed: (lasted) => missed.push(lasted) });
  return { clock, begun, close, missed };
}

it('opens a stream that was cut again, and says that something may have been missed', async () => {
  const { clock, begun, missed } = setUp();
  await clock.advance(60_000);
  expect([begun.length, missed]).toEqual([1, []]);
  await begun[0]?.end(new Error('cut'));
  await clock.advance(1_000);
  expect([begun.length, missed]).toEqual([2, [true]]);
  await clock.advance(60_000);
  await begun[1]?.end();
  await clock.advance(1_000);
  expect([begun.length, missed]).toEqual([3, [true, true]]);
});

it('asks less and less often who ends it at once', async () => {
  const { clock, begun, missed } = setUp();
  const pauses = [4_000, 16_000, 64_000, 256_000, 1_024_000, 1_024_000];
  for (const pauseMs of pauses) {
    await begun.at(-1)?.end();
    await clock.advance(pauseMs - 1);
    const before = begun.length;
    await clock.advance(1);
    expect(begun).toHaveLength(before + 1);
  }
  expect(missed).toEqual(pauses.map(() => false));
  await clock.advance(60_000);
  await begun.at(-1)?.end();
  await clock.advance(1_000);
  expect([begun.length, missed.at(-1)]).toEqual([pauses.length + 2, true]);
});

it('does not ask again who refuses', async () => {
  const { clock, begun } = setUp();
  const rpc = { code: -32601, message: 'Method not found' };
  await begun[0]?.end(new GatewayError('UPSTREAM_ERROR', 'no', { data: { rpc } }));
  await clock.advance(3_600_000);
  expect(begun).toHaveLength(1);
});

it('ends with the connection, whichever is noticed first', async () => {
  const { clock, begun, close } = setUp();
  await clock.advance(60_000);
  await begun[0]?.end(new Error('closed'));
  close();
  await settled();
  await clock.advance(3_600_000);
  expect([begun.length, clock.waiting]).toEqual([1, 0]);
});
