/** Keeps callers within their limits: how often, and how many calls at once. */
import type { LimitsConfig, Rate } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { Admission, AskedCall } from './admission.ts';
import { createRateLimiter } from './rate-limiter.ts';

export interface ServerRates {
  readonly rate: Rate | undefined;
  readonly toolRate: Rate | undefined;
}

export interface LimitedCallsOptions {
  /** Asked at each call: they change with the configuration. */
  readonly limits: () => Pick<LimitsConfig, 'rate' | 'concurrency'>;
  readonly ratesOf: (server: string) => ServerRates | undefined;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Refuses with RATE_LIMITED, whose data say when to try again; a refused call counts for nothing. */
export function createLimitedCalls({ limits, ratesOf, now }: LimitedCallsOptions): Admission {
  const limiter = createRateLimiter(now);
  const running = new Map<string, number>();
  const finish = (id: string) => {
    const left = (running.get(id) ?? 1) - 1;
    if (left > 0) running.set(id, left);
    else running.delete(id);
  };
  return {
    admit(call) {
      const { id } = call.principal;
      const { rate, concurrency } = limits();
      const under = running.get(id) ?? 0;
      if (concurrency !== undefined && under >= concurrency) throw tooManyAtOnce(concurrency);
      const bounds = boundsOf(call, rate, ratesOf(call.server));
      const [longest] = bounds
        .map((bound) => ({ bound, waitMs: limiter.waitMs(bound.key, bound.rate) }))
        .sort((a, b) => b.waitMs - a.waitMs);
      if (longest && longest.waitMs > 0) throw tooOften(longest.bound, longest.waitMs);
      for (const { key, rate: each } of bounds) limiter.take(key, each);
      running.set(id, under + 1);
      return { finish: () => finish(id) };
    },
  };
}

interface Bound {
  readonly key: string;
  readonly what: string;
  readonly rate: Rate;
}

function boundsOf({ principal, server, tool }: AskedCall, rate: Rate | undefined, rates?: ServerRates): Bound[] {
  const bound = (key: string, what: string, of: Rate | undefined) => (of ? [{ key, what, rate: of }] : []);
  return [
    ...bound(`principal ${principal.id}`, 'you', rate),
    ...bound(`server ${server}`, server, rates?.rate),
    ...bound(`tool ${server}:${tool}`, `${server}:${tool}`, rates?.toolRate),
  ];
}

function tooOften({ what, rate }: Bound, waitMs: number): GatewayError {
  const limit = `${rate.count} calls in ${rate.perMs / 1000} s`;
  const message = what === 'you' ? `you have made more than ${limit}` : `${what} takes no more than ${limit}`;
  return new GatewayError('RATE_LIMITED', message, {
    hint: `try again in ${Math.ceil(waitMs / 1000)} s`,
    data: { retryAfterMs: waitMs },
  });
}

function tooManyAtOnce(concurrency: number): GatewayError {
  return new GatewayError('RATE_LIMITED', `you have ${concurrency} calls under way, and no more are let in`, {
    hint: 'wait for one of them to answer, then try again',
    data: { retryAfterMs: 1_000 },
  });
}
