/** The strict shape of `catalog`: where servers come from that agents may add by name. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { duration, formed, globs, keys } from './schema-values.ts';
import { UNALTERED_URL } from './written-forms.ts';

const path = z.string().regex(/^(?!https?:\/\/)[^\s].*$/s, { error: 'write a path or an https URL' });

const remote = keys(
  {
    url: formed(UNALTERED_URL).meta({ description: 'A list as the MCP Registry answers it, or one server.json.' }),
    headers: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Sent with each request; a secret as a reference.' }),
  },
  '{url: https://registry.example.com/v0.1/servers, headers: {Authorization: "Bearer ${env:TOKEN}"}}',
);

const input = z.union([z.string(), z.array(z.string())], { error: 'write a text, or a list of texts' });

export const catalog = keys(
  {
    sources: z
      .array(z.union([formed(UNALTERED_URL), path, remote]))
      .min(1)
      .meta({
        description:
          'Files and folders with `server.json` files of the MCP Registry, lists of them, and https URLs of such. Earlier ones win.',
        examples: [['./servers', 'https://registry.example.com/v0.1/servers']],
      }),
    names: globs()
      .optional()
      .meta({
        description: 'Which of them are there: their names, or globs. Without it all.',
        examples: [['io.github.acme/*']],
      }),
    refresh: duration()
      .optional()
      .meta({ description: 'How long what a URL answered is used.', default: DEFAULTS.catalogRefresh }),
    network: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Network of containers from the catalog.', default: DEFAULTS.network }),
    inputs: z
      .record(z.string().min(1), z.record(z.string().min(1), input))
      .optional()
      .meta({
        description:
          'Environment variables, headers, arguments and variables that servers of the catalog need, by server and by name.',
        examples: [{ 'io.github.acme/tracker': { TRACKER_TOKEN: '${env:TRACKER_TOKEN}' } }],
      }),
  },
  '{sources: [./servers]}',
);

export type CatalogDocument = z.infer<typeof catalog>;
