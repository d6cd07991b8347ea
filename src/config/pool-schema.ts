/** How many instances of a server there are for the same callers. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { count, keys } from './schema-values.ts';

export const pool = keys(
  {
    min: z
      .int()
      .min(0)
      .optional()
      .meta({
        description:
          'So many are started with the gateway and kept up, also after a crash: for everybody with `scope: shared`, ' +
          'else for the user of this machine.',
        default: DEFAULTS.poolMin,
      }),
    max: count()
      .optional()
      .meta({
        description:
          'One more is started when all are at `limits.concurrency`, up to so many; a call goes to the least busy. ' +
          'Default: 1, or `min` where that is more.',
      }),
  },
  '{min: 1, max: 4}',
);

export const maxInstances = count().meta({
  description:
    'Server instances at the same time, of all servers and callers; the one idle for the longest makes room for a new one.',
  default: DEFAULTS.maxInstances,
});

export const maxStarts = count().meta({
  description: 'Servers that start at the same time; the others wait in turn, fairly among callers and servers.',
  default: DEFAULTS.maxStarts,
});
