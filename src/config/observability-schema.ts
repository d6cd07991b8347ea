/** The strict shape of what the gateway tells of itself: `audit`, `metrics` and `log`. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { keys, size } from './schema-values.ts';

const audit = keys(
  {
    file: z
      .string()
      .min(1)
      .meta({
        description: 'JSON Lines file, readable by you alone; its folder is made.',
        examples: ['./audit/tooldex.jsonl'],
      }),
    max_size: size().optional().meta({
      description: 'A file that has grown so long is renamed to `FILE.1`, that one to `FILE.2` and so on.',
      default: DEFAULTS.auditSize,
    }),
    keep: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .meta({ description: 'Renamed files that are kept.', default: DEFAULTS.auditKeep }),
    params: z.boolean().optional().meta({
      description: 'Also what tools were called with: secrets masked, long texts cut.',
      default: DEFAULTS.auditParams,
    }),
  },
  '{file: ./audit.jsonl}',
);

const log = keys({
  format: z
    .enum(['text', 'json'])
    .optional()
    .meta({ description: 'Lines for people, or an object a line for programs.', default: DEFAULTS.logFormat }),
  level: z.enum(['debug', 'info', 'warn', 'error']).optional().meta({
    description:
      'The least that is logged; `debug` has what servers say on standard error. Default: `info` for `serve`, `warn` for `stdio`.',
  }),
});

/** Top-level keys. */
export const observability = {
  audit: audit.optional().meta({
    description: 'Writes a line for each call and each refusal: when, who, what, how it ended. Without it nothing is.',
  }),
  metrics: z.boolean().optional().meta({
    description: 'Counts, and answers at `/metrics` in the format of Prometheus to those who may administer.',
    default: DEFAULTS.metrics,
  }),
  log: log.optional().meta({ description: 'What `serve` and `stdio` write to standard error.' }),
};

export type ObservabilityDocument = {
  readonly [Key in keyof typeof observability]?: z.infer<(typeof observability)[Key]>;
};
