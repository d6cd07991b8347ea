import { describe, expect, it } from 'vitest';
import type { Rate } from '../../../src/config/config.ts';
import { GatewayError } from '../../../src/errors.ts';
import type { AskedCall, CallOutcome } from '../../../src/policy/admission.ts';
import { createLimitedCalls, type ServerRates } from '../../../src/policy/limited-calls.ts';
import { createRateLimiter } from '../../../src/policy/rate-limiter.ts';

const DONE: CallOutcome = { error: undefined, isToolError: false, durationMs: 1, upstreamMs: 1 };
const asked = (who: string, server = 's', tool = 't'): AskedCall => ({
  principal: { id: `key:${who}`, kind: 'api-key', groups: [] },
  door: 'use_tool',
  server,
  tool,
  params: {},
});

function limited(
  limits: { rate?: Rate; concurrency?: number },
  rates: ServerRates = { rate: undefined, toolRate: undefined },
) {
  const clock = { now: 5 };
  const admission = createLimitedCalls({
    limits: () => ({ rate: limits.rate, concurrency: limits.concurrency }),
    ratesOf: (server) => (server === 's' ? rates : undefined),
    now: () => clock.now,
  });
  /** Undefined when it was admitted, else the seconds to wait and why. */
  const call = (who: string, server = 's', tool = 't') => {
    try {
      admission.admit(asked(who, server, tool)).finish(DONE);
      return undefined;
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'RATE_LIMITED') throw error;
      return `${(error.retryAfterMs ?? 0) / 1_000}: ${error.message}; ${error.hint}`;
    }
  };
  return { clock, call, admission };
}

describe('rates', () => {
  it('let a period’s calls through at once and then one each time that one is due', () => {
    const { call, clock } = limited({ rate: { count: 3, perMs: 60_000 } });
    expect([call('a'), call('a'), call('a')]).toEqual([undefined, undefined, undefined]);
    expect(call('a')).toBe('20: you have made more than 3 calls in 60 s; try again in 20 s');
    clock.now += 19_999;
    expect(call('a')).toContain('1: ');
    clock.now += 1;
    expect(call('a')).toBeUndefined();
    expect(call('a')).toContain('20: ');
    clock.now += 600_000;
    expect([call('a'), call('a'), call('a')]).toEqual([undefined, undefined, undefined]);
    expect(call('a')).toBeDefined();
  });

  it('of principals are their own, those of servers and tools everybody’s', () => {
    const perMs = 60_000;
    const principals = limited({ rate: { count: 1, perMs } });
    expect([principals.call('a'), principals.call('b')]).toEqual([undefined, undefined]);
    const servers = limited({}, { rate: { count: 2, perMs }, toolRate: { count: 1, perMs } });
    expect(servers.call('a')).toBeUndefined();
    expect(servers.call('b')).toContain('s:t takes no more than 1 calls in 60 s');
    expect(servers.call('b', 's', 'u')).toBeUndefined();
    expect(servers.call('b', 's', 'v')).toContain('s takes no more than 2 calls in 60 s');
    expect(servers.call('b', 'other')).toBeUndefined();
  });

  it('are not used up by calls that another limit refuses', () => {
    const { call, clock } = limited(
      { rate: { count: 2, perMs: 60_000 } },
      { rate: undefined, toolRate: { count: 1, perMs: 1_000 } },
    );
    expect(call('a')).toBeUndefined();
    for (let i = 0; i < 10; i++) expect(call('a')).toContain('s:t takes');
    clock.now += 1_000;
    expect(call('a')).toBeUndefined();
  });
});

describe('calls at the same time', () => {
  it('are bounded for each principal, and make room when they end', () => {
    const { admission, call } = limited({ concurrency: 2 });
    const first = admission.admit(asked('a'));
    const second = admission.admit(asked('a'));
    expect(call('a')).toContain('1: you have 2 calls under way');
    expect(call('b')).toBeUndefined();
    first.finish(DONE);
    expect(call('a')).toBeUndefined();
    second.finish(DONE);
    const again = [admission.admit(asked('a')), admission.admit(asked('a'))];
    expect(call('a')).toBeDefined();
    for (const one of again) one.finish(DONE);
  });
});

it('a limiter remembers a bounded number of keys, and forgets those first that may call anyway', () => {
  const clock = { now: 0 };
  const limiter = createRateLimiter(() => clock.now);
  const rate = { count: 1, perMs: 1_000 };
  for (let i = 0; i < 15_000; i++) limiter.take(`early ${i}`, rate);
  clock.now = 1_000;
  for (let i = 0; i < 6_000; i++) limiter.take(`late ${i}`, rate);
  expect(limiter.waitMs('late 0', rate)).toBe(1_000);
  expect(limiter.waitMs('early 0', rate)).toBe(0);
});

it('lets all of a period through at once at moments that are no whole numbers, too', () => {
  for (const count of [1, 3, 7, 60]) {
    const clock = { now: 123_456.789_012_3 };
    const limiter = createRateLimiter(() => clock.now);
    const rate = { count, perMs: 60_000 };
    for (let i = 0; i < count; i++) {
      expect(limiter.waitMs('key', rate)).toBe(0);
      limiter.take('key', rate);
    }
    expect(limiter.waitMs('key', rate)).toBe(Math.ceil(60_000 / count));
  }
});

it('does not hold a caller to a slower rate that the configuration no longer has', () => {
  const limiter = createRateLimiter(() => 5);
  const [slow, quick] = [
    { count: 1, perMs: 3_600_000 },
    { count: 10, perMs: 1_000 },
  ];
  limiter.take('key', slow);
  expect(limiter.waitMs('key', slow)).toBe(3_600_000);
  expect(limiter.waitMs('key', quick)).toBe(100);
  limiter.take('key', quick);
  expect(limiter.waitMs('key', quick)).toBeLessThanOrEqual(200);
});
