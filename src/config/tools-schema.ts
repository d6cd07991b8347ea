/** The strict shape of `tools` of a server: which there are, and as what they are shown. */
import * as z from 'zod';
import { globs, keys, shownName, tags, toolDescription } from './schema-values.ts';

export const tools = keys({
  allow: globs()
    .optional()
    .meta({
      description: 'Only these tools exist; names or globs (`*`, `?`).',
      examples: [['read_*', 'list_directory']],
    }),
  deny: globs()
    .optional()
    .meta({ description: 'These tools do not exist, even where `allow` matches.', examples: [['write_*']] }),
  rename: z
    .record(z.string().min(1), shownName())
    .optional()
    .meta({
      description:
        'Other names, by the server’s own. Agents see and use only these; every other key, access rules, limits and the audit go by the server’s own names.',
      examples: [{ git_diff: 'show_changes' }],
    }),
  describe: z
    .record(z.string().min(1), toolDescription())
    .optional()
    .meta({
      description: 'Other descriptions, by the server’s own names of tools.',
      examples: [{ git_diff: 'What has changed since the last commit' }],
    }),
  tags: z
    .record(z.string().min(1), tags())
    .optional()
    .meta({
      description: 'Tags of single tools, by name or glob; profiles and access rules choose by them, as `tag:x`.',
      examples: [{ 'read_*': ['reader'] }],
    }),
});
