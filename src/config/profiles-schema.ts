/** The strict shape of `profiles`: virtual servers, each a choice of servers and tools for one kind of agent. */
import * as z from 'zod';
import { globs, keys, shownName, toolDescription } from './schema-values.ts';

const ownTool = z.string().regex(/^[^:]+:.+$/, { error: 'write the tool as "server:tool"' });

const tools = keys({
  allow: globs()
    .optional()
    .meta({
      description: 'Only these tools are in it, as `tool` or `server:tool`, names or globs; or `tag:x`.',
      examples: [['browser_*', 'git:git_diff']],
    }),
  deny: globs()
    .optional()
    .meta({ description: 'These are not, even where `allow` matches; in the same form.', examples: [['*:delete_*']] }),
  rename: z
    .record(ownTool, shownName())
    .optional()
    .meta({
      description: 'Other names, by `server:tool`. `allow` and `deny` go by the servers’ own names.',
      examples: [{ 'git:git_diff': 'show_changes' }],
    }),
  describe: z
    .record(ownTool, toolDescription())
    .optional()
    .meta({ description: 'Other descriptions, by `server:tool`.' }),
});

const annotations = keys({
  readOnlyHint: z.boolean().optional().meta({ description: 'The tool changes nothing.', default: false }),
  destructiveHint: z.boolean().optional().meta({ description: 'It may destroy something.', default: true }),
  idempotentHint: z.boolean().optional().meta({ description: 'A second call changes nothing more.', default: false }),
  openWorldHint: z.boolean().optional().meta({ description: 'It reaches the world outside.', default: true }),
});

export const profile = keys(
  {
    description: z
      .string()
      .max(500)
      .optional()
      .meta({ description: 'What this virtual server is for; clients get it as instructions.' }),
    servers: globs()
      .min(1)
      .meta({
        description: 'Servers that are in it; names, globs, or `tag:x`.',
        examples: [['git', 'play*', 'tag:web']],
      }),
    tools: tools.optional().meta({ description: 'Which of their tools are in it, and as what. Without it: all.' }),
    annotations: annotations.optional().meta({
      description:
        'Only tools whose annotations are these; what a server does not say counts as the default of the protocol.',
      examples: [{ readOnlyHint: true }],
    }),
    prompts: z
      .boolean()
      .optional()
      .meta({ description: 'With `exposure: direct`: whether the prompts of its servers are in it.', default: true }),
    resources: z
      .boolean()
      .optional()
      .meta({ description: 'With `exposure: direct`: whether the resources of its servers are in it.', default: true }),
    exposure: z.enum(['discovery', 'direct']).optional().meta({
      description: '`discovery`: the three tools of Tooldex over this choice. `direct`: the chosen tools themselves.',
      default: 'discovery',
    }),
  },
  '{servers: [git], exposure: direct}',
);

export type ProfileDocument = z.infer<typeof profile>;
