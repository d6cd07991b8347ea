/** `fetch` through a circuit breaker: what cannot be reached, or is down behind its proxy, is not asked by every call. */
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../stdx/clock.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { RemoteFetch } from './remote-fetch.ts';

/** Said by what stands before a server that is down; other errors are answers. */
const DOWN = new Set([502, 503, 504]);

/** Throws SERVER_BUSY with `retryAfterMs` while the circuit is open. */
export function breakingFetch(server: string, fetch: RemoteFetch, clock: Clock): RemoteFetch {
  const breaker = new CircuitBreaker(clock);
  let last = '';
  return async (url, init) => {
    const passage = breaker.enter();
    if (typeof passage === 'number') throw resting(server, passage, last);
    try {
      const response = await fetch(url, init);
      if (DOWN.has(response.status)) last = `HTTP ${response.status}`;
      passage.end(DOWN.has(response.status) ? 'failure' : 'success');
      return response;
    } catch (error) {
      // An error of our own, such as an address that is not allowed, comes before the server.
      const isOurs = error instanceof GatewayError || init?.signal?.aborted === true;
      if (!isOurs) last = reasonOf(error);
      passage.end(isOurs ? 'cancelled' : 'failure');
      throw error;
    }
  };
}

function resting(server: string, leftMs: number, last: string): GatewayError {
  const message = `Server "${server}" failed several times in a row and is left alone for a while; the last time: ${last}`;
  return new GatewayError('SERVER_BUSY', message, {
    hint: `Call again in ${Math.ceil(leftMs / 1000)} s.`,
    data: { retryAfterMs: leftMs },
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
