/** Keeps callers within their limits: how often, and how many calls at once. */
import type { LimitsConfig, Rate } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { Admission, Admitted, AskedCall } from './admission.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';

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
  const running = new Map<string, Running>();
  const runningOf = (id: string) => {
    const known = running.get(id);
    if (known) return known;
    const one = new Running(id);
    if (running.size >= CALLERS_MAX) for (const [other, { calls }] of running) if (calls === 0) running.delete(other);
    running.set(id, one);
    return one;
  };
  return {
    admit(call) {
      const { rate, concurrency } = limits();
      const under = runningOf(call.principal.id);
      if (concurrency !== undefined && under.calls >= concurrency) throw tooManyAtOnce(concurrency);
      const rates = ratesOf(call.server);
      const isBound = rate !== undefined || rates?.rate !== undefined || rates?.toolRate !== undefined;
      if (isBound) take(limiter, boundsOf(call, rate && under.boundBy(rate), rates), now());
      under.calls += 1;
      return under;
    },
  };
}

/** Those who have no call under way are forgotten when there are more. */
const CALLERS_MAX = 1_000;

/** The calls that somebody has under way; the same for each of them. */
class Running implements Admitted {
  calls = 0;
  readonly #key: string;
  #bound: Bound | undefined;

  constructor(principal: string) {
    this.#key = `principal ${principal}`;
  }

  /** The same for as long as the rate is. */
  boundBy(rate: Rate): Bound {
    if (this.#bound?.rate !== rate) this.#bound = { key: this.#key, what: 'you', rate };
    return this.#bound;
  }

  finish(): void {
    this.calls -= 1;
  }
}

interface Bound {
  readonly key: string;
  readonly what: string;
  readonly rate: Rate;
}

/** From all of them or from none. */
function take(limiter: RateLimiter, bounds: readonly Bound[], nowMs: number): void {
  let longestMs = 0;
  let longest: Bound | undefined;
  for (const bound of bounds) {
    const waitMs = limiter.waitMs(bound.key, bound.rate, nowMs);
    if (waitMs > longestMs) [longestMs, longest] = [waitMs, bound];
  }
  if (longest) throw tooOften(longest, longestMs);
  for (const { key, rate } of bounds) limiter.take(key, rate, nowMs);
}

function boundsOf({ server, tool }: AskedCall, own: Bound | undefined, rates?: ServerRates): Bound[] {
  const bounds = own ? [own] : [];
  if (rates?.rate) bounds.push({ key: `server ${server}`, what: server, rate: rates.rate });
  if (rates?.toolRate) bounds.push({ key: `tool ${server}:${tool}`, what: `${server}:${tool}`, rate: rates.toolRate });
  return bounds;
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
