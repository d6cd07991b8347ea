/** Tells addresses that keep sending wrong credentials to slow down; right ones are let in all the same. */
import type { IncomingMessage } from 'node:http';
import type { Rate } from '../config/config.ts';
import type { RateLimiter } from '../policy/rate-limiter.ts';
import type { Access, Authenticate } from './access.ts';

export interface SlowDownOptions {
  readonly limiter: RateLimiter;
  readonly rate: Rate;
  /** Not to be chosen by the client: of headers only what listed proxies wrote. */
  readonly clientAddress: (request: IncomingMessage) => string;
}

/**
 * Whoever sends nothing only asks how to get in and is not counted. Locking an address out instead would let one neighbour
 * behind a shared address lock out all others.
 */
export function slowingDown(
  authenticate: Authenticate,
  { limiter, rate, clientAddress }: SlowDownOptions,
): Authenticate {
  const judge = (request: IncomingMessage, access: Access): Access => {
    if (access.kind === 'granted' || access.status !== 401 || !sendsSomething(request)) return access;
    const address = clientAddress(request);
    const waitMs = limiter.waitMs(address, rate);
    if (waitMs === 0) {
      limiter.take(address, rate);
      return access;
    }
    const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)) };
    return { kind: 'refused', status: 429, message: 'too many wrong credentials from this address', headers };
  };
  return (request) => {
    const access = authenticate(request);
    return access instanceof Promise ? access.then((one) => judge(request, one)) : judge(request, access);
  };
}

/** Whether there is anything that could be checked, right or wrong. */
export const sendsSomething = ({ headers }: IncomingMessage) =>
  headers.authorization !== undefined ||
  headers['x-api-key'] !== undefined ||
  headers['cf-access-jwt-assertion'] !== undefined;
