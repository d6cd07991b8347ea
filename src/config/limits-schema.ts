/** The strict shape of `limits`: how often and how much at once. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { RATE_PATTERN } from './rates.ts';
import { count, duration, keys, size } from './schema-values.ts';

const rate = () =>
  z.string().regex(new RegExp(RATE_PATTERN), { error: 'write it like "10/s", "60/min", "1000/h" or "5000/day"' });

/** Further keys of a server's `limits`. */
export const rateLimits = {
  rate: rate()
    .optional()
    .meta({
      description: 'Calls to the server, of all callers together; more of them fail with when to try again.',
      examples: ['60/min'],
    }),
  tool_rate: rate().optional().meta({ description: 'Calls to each of its tools, of all callers together.' }),
};

/** Further keys of `listen`. */
export const listenLimits = {
  body_size: size().optional().meta({
    description: 'Longest message of a client; a longer one is answered 413. Files travel in messages.',
    default: DEFAULTS.bodySize,
  }),
  request_timeout: duration().optional().meta({
    description: 'Within so long a request must have arrived; then it is answered 408. The answer may take longer.',
    default: DEFAULTS.requestTimeout,
  }),
  session_timeout: duration().optional().meta({
    description:
      'A session of a client at `/mcp/<server>` that has neither a stream open nor sent anything for so long is ended.',
    default: DEFAULTS.sessionTimeout,
  }),
};

export const limits = keys({
  rate: rate().optional().meta({ description: 'Calls to tools of each principal. Without it: any number.' }),
  concurrency: count().optional().meta({
    description: 'Calls of each principal at the same time; more of them fail at once. Without it: any number.',
  }),
  failed_logins: rate().optional().meta({
    description: 'Wrong credentials from one address; more of them are answered 429. Right ones are never affected.',
    default: DEFAULTS.failedLogins,
  }),
});
