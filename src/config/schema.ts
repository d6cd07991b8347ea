/** The strict shape of a configuration file; the JSON schema and the documentation are generated from it. */
import * as z from 'zod';
import { auth, listenAccess } from './access-schema.ts';
import { catalog } from './catalog-schema.ts';
import { DEFAULTS } from './defaults.ts';
import { limits, listenLimits } from './limits-schema.ts';
import { observability } from './observability-schema.ts';
import { maxInstances, maxStarts } from './pool-schema.ts';
import { profile } from './profiles-schema.ts';
import { tokenKey } from './remote-schema.ts';
import { access, adding } from './rules-schema.ts';
import { keys } from './schema-values.ts';
import { search } from './search-schema.ts';
import { clientServer, everyServer, server } from './server-schema.ts';

const serverName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: 'a server name has letters, digits, "-", "_" and ".", starts with a letter or digit, and is at most 64 long',
  })
  .refine((name) => name !== 'tooldex', { error: '"tooldex" is the name of the built-in server — choose another' })
  .refine((name) => name !== 'tag', { error: '"tag:x" chooses by tag, so no server can be called "tag"' });

const includedFile = z.string().regex(/^(?:[^*?]*[/\\])?[^/\\]+\.ya?ml$/, {
  error: 'write YAML files, such as "conf.d/*.yaml"; only the name may have "*" and "?"',
});

function root<Server extends z.ZodType>(ownServer: Server) {
  return keys({
    $schema: z.string().optional().meta({ description: 'For editors: where the JSON schema of this file is.' }),
    listen: keys({
      host: z.string().min(1).optional().meta({ description: 'Address to listen on.', default: DEFAULTS.host }),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .meta({ description: 'Port to listen on; 0 takes a free one.', default: DEFAULTS.port }),
      ...listenAccess,
      ...listenLimits,
    })
      .optional()
      .meta({ description: 'Where `tooldex serve` listens.' }),
    auth: auth.optional().meta({
      description: 'How those who come over HTTP prove who they are. Without it only this machine is let in.',
    }),
    access: access.optional().meta({
      description: 'What those who have proved who they are see and may do. Without it everything but administration.',
    }),
    limits: limits.optional().meta({ description: 'How often and how much at once callers may call.' }),
    include: z
      .union([includedFile, z.array(includedFile)])
      .optional()
      .meta({
        description:
          'Further YAML files with `servers` and `profiles`, such as `conf.d/*.yaml`; their names may be globs, their ' +
          'folders not. Relative paths in them start at the folder of this file.',
        examples: ['conf.d/*.yaml'],
      }),
    data_dir: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Folder of everything durable: catalog, index, installed servers.' }),
    workspace_root: z.string().min(1).optional().meta({
      description: 'Folder above the `workspace` folders of all servers. Default: `workspaces` in the data folder.',
    }),
    tools_root: z.string().min(1).optional().meta({
      description: 'Folder that a `command` with a relative path starts at. Default: the folder of this file.',
    }),
    search: search.optional().meta({ description: 'How tools are found, and the defaults of `search_mcp_server`.' }),
    ...observability,
    add_servers: adding.optional().meta({
      description:
        'What an agent may add with `add_mcp_server`, as far as no rule of `access` says it: `never` nothing, `catalog` ' +
        'the servers of this file and of `catalog`, `approval` also one of its own once an admin has let it in, `always` also that at once, ' +
        'which lets it run programs as you.',
      default: DEFAULTS.addServers,
    }),
    catalog: catalog.optional().meta({
      description: 'Servers that agents may add by name, besides those of this file. Nothing of it runs before.',
    }),
    max_instances: maxInstances.optional(),
    max_starts: maxStarts.optional(),
    token_key: tokenKey.optional(),
    profiles: z
      .record(serverName, profile)
      .nullish()
      .meta({ description: 'Virtual servers at `/mcp/<name>`, by name: a choice of servers and tools each.' }),
    defaults: keys(everyServer).optional().meta({ description: 'What holds for every server that says nothing else.' }),
    servers: z.record(serverName, ownServer).nullish().meta({ description: 'The servers, by name.' }),
    tools: z.record(serverName, ownServer).nullish().meta({ description: 'The same as `servers`.' }),
    mcpServers: z
      .record(serverName, clientServer)
      .nullish()
      .meta({ description: 'Servers as MCP clients write them; paste the block as it stands.' }),
  });
}

/** A YAML file. */
export const yamlDocument = root(server);

const { servers, tools, mcpServers, profiles } = yamlDocument.shape;

/** A file that another one includes. */
export const includedDocument = keys({ servers, tools, mcpServers, profiles });

/** A JSON file, which may come from an MCP client: VS Code writes `servers` where others write `mcpServers`. */
export const jsonDocument = root(clientServer).extend({
  inputs: z.array(z.unknown()).optional().meta({ description: 'Questions that VS Code asks; reported and ignored.' }),
});

export type ServerDocument = z.infer<typeof clientServer>;
export type ConfigDocument = z.infer<typeof jsonDocument>;
