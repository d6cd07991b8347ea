import { expect, it } from 'vitest';
import { NoiseMeter } from '../../../src/bridge/noise-meter.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

const MIB = 1024 * 1024;
const megabytes = (meter: NoiseMeter, count: number) => Array.from({ length: count }, () => meter.add(MIB - 64));

it('#5 bears 64 MiB of noise within ten seconds, and no more', () => {
  const meter = new NoiseMeter(fakeClock());
  expect(megabytes(meter, 64)).not.toContain(true);
  expect(meter.add(1)).toBe(true);
});

it('#5 bears any amount over a long time, and any amount between messages', async () => {
  const clock = fakeClock();
  const meter = new NoiseMeter(clock);
  for (let hour = 0; hour < 10; hour++) {
    expect(megabytes(meter, 60)).not.toContain(true);
    await clock.advance(10_000);
  }
  expect(megabytes(meter, 60)).not.toContain(true);
  meter.forgive();
  expect(megabytes(meter, 60)).not.toContain(true);
});

it('#5 counts short lines for the time that they take', () => {
  const meter = new NoiseMeter(fakeClock());
  let lines = 0;
  while (!meter.add(1)) lines++;
  expect(lines).toBeLessThan(1_100_000);
});
