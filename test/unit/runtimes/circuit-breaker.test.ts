import { describe, expect, it } from 'vitest';
import { CircuitBreaker, type Outcome } from '../../../src/runtimes/remote/circuit-breaker.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

function breaker() {
  const clock = fakeClock();
  const circuit = new CircuitBreaker(clock);
  const enter = () => {
    const passage = circuit.enter();
    if (typeof passage === 'number') throw new Error(`closed to me for ${passage}`);
    return passage;
  };
  const go = (...outcomes: Outcome[]) => {
    for (const outcome of outcomes) enter().end(outcome);
  };
  const fail = () => go(...Array<Outcome>(5).fill('failure'));
  return { clock, circuit, enter, go, fail };
}

describe('#35 a circuit', () => {
  it('opens after five failures in a row and says for how long', async () => {
    const { circuit, fail, clock } = breaker();
    fail();
    expect(circuit.enter()).toBe(5_000);
    await clock.advance(4_000);
    expect(circuit.enter()).toBe(1_000);
  });

  it('stays closed when a success is among them, and cancelled requests count neither way', () => {
    const { circuit, go } = breaker();
    go('failure', 'failure', 'failure', 'failure', 'success', 'failure', 'failure', 'failure', 'failure');
    go('cancelled', 'cancelled', 'cancelled');
    expect(typeof circuit.enter()).toBe('object');
    go('failure');
    expect(circuit.enter()).toBe(5_000);
  });

  it('lets one probe through, and all once that went well', async () => {
    const { circuit, clock, enter, fail, go } = breaker();
    fail();
    await clock.advance(5_000);
    const probe = enter();
    expect(typeof circuit.enter()).toBe('number');
    probe.end('success');
    go('success', 'failure', 'success');
  });

  it('rests twice as long after a probe that failed, up to a minute', async () => {
    const { circuit, clock, enter, fail } = breaker();
    fail();
    for (const restMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(circuit.enter()).toBe(restMs);
      await clock.advance(restMs);
      enter().end('failure');
    }
  });

  it('hands the probe on when its caller gave up', async () => {
    const { clock, enter, fail, go } = breaker();
    fail();
    await clock.advance(5_000);
    enter().end('cancelled');
    enter().end('success');
    go('success');
  });

  it('is not moved by what was sent before it opened', async () => {
    const { circuit, enter, fail } = breaker();
    const late = enter();
    fail();
    late.end('success');
    expect(circuit.enter()).toBe(5_000);
  });
});
