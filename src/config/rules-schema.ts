/** The strict shape of `access`: which principals and groups see and may do what. */
import * as z from 'zod';
import { globs, keys } from './schema-values.ts';

/** From the least to the most. */
export const adding = z.enum(['never', 'catalog', 'approval', 'always']);

export type AddingRight = z.infer<typeof adding>;

const who = z.array(
  z.string().regex(/^(\*|group:.+|(key|jwt|cf):.+)$/, {
    error: 'write "key:<name>", "jwt:<issuer>#<subject>", "cf:<email>", "group:<name>" or "*"; globs are allowed',
  }),
);

const members = z.array(
  z.string().regex(/^(key|jwt|cf):.+$/, {
    error: 'write "key:<name>", "jwt:<issuer>#<subject>" or "cf:<email>"; globs are allowed',
  }),
);

const rule = keys(
  {
    for: who.min(1).meta({
      description:
        'Principals and groups that the rule is for; globs, and `*` for everybody who has proved who they are.',
      examples: [['key:ci', 'group:builders']],
    }),
    servers: globs()
      .optional()
      .meta({ description: 'Servers that they see, with all tools or those of `tools`; names, globs, or `tag:x`.' }),
    tools: globs()
      .optional()
      .meta({
        description: 'Tools that they see, as `server:tool`, or by name alone on any of `servers`, or `tag:x`.',
        examples: [['github:get_*', 'search']],
      }),
    deny: globs()
      .optional()
      .meta({
        description: 'Tools that do not exist for them, in the same form, whatever other rules say.',
        examples: [['*:delete_*']],
      }),
    profiles: globs().optional().meta({ description: 'Virtual servers that they see.' }),
    admin: z.boolean().optional().meta({
      description: 'They see and may do everything, readiness details and administration included.',
      default: false,
    }),
    add: adding.optional().meta({
      description:
        'What they may add with `add_mcp_server`; of several rules the most generous holds. Default: what `add_servers` says.',
    }),
  },
  '{for: ["key:ci"], servers: ["github"]}',
);

export const access = keys({
  groups: z
    .record(z.string().min(1), members)
    .optional()
    .meta({
      description: 'Groups by name, besides those that keys and tokens carry.',
      examples: [{ builders: ['key:ci', 'cf:*@example.com'] }],
    }),
  rules: z.array(rule).min(1).meta({
    description: 'What no rule grants does not exist for a principal: neither in search and lists nor for calls.',
  }),
});
