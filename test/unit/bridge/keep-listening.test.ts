/** Streams of a server's own messages that end, with a clock that a test moves. */
import { expect, it } from 'vitest';
import { keepListening } from '../../../src/bridge/keep-listening.ts';
import { GatewayError } from '../../../src/errors.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';

function setUp() {
  const clock = fakeClock();
  const begun: { readonly atMs: number; end(error?: Error): Promise<void> }[] = [];
  let missed = 0;
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
  keepListening({ clock, listen, closed, missed: () => missed++ });
  return { clock, begun, close, missed: () => missed };
}

it('opens a stream that was cut again, and says that something may have been missed', async () => {
  const { clock, begun, missed } = setUp();
  await clock.advance(60_000);
  expect([begun.length, missed()]).toEqual([1, 0]);
  await begun[0]?.end(new Error('cut'));
  await clock.advance(1_000);
  expect([begun.length, missed()]).toEqual([2, 1]);
  await clock.advance(60_000);
  await begun[1]?.end();
  await clock.advance(1_000);
  expect([begun.length, missed()]).toEqual([3, 2]);
});

it('asks less and less often who ends it at once, and then no more', async () => {
  const { clock, begun } = setUp();
  for (const pauseMs of [4_000, 16_000, 64_000, 256_000]) {
    await begun.at(-1)?.end();
    await clock.advance(pauseMs);
  }
  expect(begun.map(({ atMs }) => atMs)).toEqual([0, 4_000, 20_000, 84_000, 340_000]);
  await begun.at(-1)?.end();
  await clock.advance(3_600_000);
  expect(begun).toHaveLength(5);
  expect(clock.waiting).toBe(0);
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
