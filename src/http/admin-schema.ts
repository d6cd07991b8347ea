/** What goes into the administration API and comes out of it; the OpenAPI document is generated from this. */
import * as z from 'zod';
import { clientServer } from '../config/server-schema.ts';

const names = z.array(z.string());

const server = z.strictObject({
  name: z.string(),
  enabled: z.boolean(),
  source: z
    .enum(['file', 'agent'])
    .meta({ description: '`file`: the configuration and what it includes. `agent`: brought by `add_mcp_server`.' }),
  runtime: z.enum(['native', 'container', 'remote']).optional().meta({ description: 'Of those that the file has.' }),
  description: z.string(),
  tags: names,
  state: z.enum([
    'disabled',
    'needs-config',
    'not-indexed',
    'failing',
    'asleep',
    'installing',
    'starting',
    'ready',
    'draining',
  ] as const),
  reason: z.string().optional().meta({ description: 'Why it is failing.' }),
  status: z.string().meta({ description: 'The state in a few words, as agents are told it.' }),
  missing: z
    .array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['environment variable', 'header', 'argument', 'part of the address']),
        isSecret: z.boolean(),
        description: z.string().meta({ description: 'As its author put it.' }),
      }),
    )
    .optional()
    .meta({ description: 'What it needs under `catalog.inputs` before it can run.' }),
  toolCount: z
    .int()
    .nullable()
    .meta({ description: 'Those that can be used, as last listed; null where it never was.' }),
  waiting: z.int().meta({ description: 'Tools that wait for approval.' }),
});

const plan = z.strictObject({
  added: names,
  removed: names,
  changed: z.array(z.strictObject({ name: z.string(), restarts: z.boolean() })),
  unchanged: names,
  settings: names.meta({ description: 'Keys besides servers that changed.' }),
});

/** Bodies and answers by the name that they have in the document. Answers are exactly so: tests hold real ones against it. */
export const ADMIN_SCHEMAS = {
  Servers: z.strictObject({
    servers: z.array(server),
    config: z.strictObject({
      file: z.string(),
      include: names,
      generation: z.int().meta({ description: 'Counts the configurations that were in use.' }),
      problem: z.string().optional().meta({ description: 'Why the file is not in use as it is now.' }),
    }),
  }),
  Server: z.strictObject({
    ...server.shape,
    tools: z.array(
      z.strictObject({
        name: z.string().meta({ description: 'As its server calls it.' }),
        shown: z.string().nullable().optional().meta({
          description: 'As agents see it, where the server has `rename` or `describe`; null: nobody can reach it.',
        }),
        description: z.string(),
        allowed: z.boolean().meta({ description: 'Whether the configuration lets it be found and used.' }),
        definition: z.looseObject({ name: z.string() }).meta({ description: 'As the server listed it.' }),
      }),
    ),
  }),
  NewServer: z.strictObject({
    name: z.string().min(1),
    entry: clientServer.meta({ description: 'As under `servers:` in the configuration file.' }),
  }),
  Edited: z.strictObject({
    file: z.string().meta({ description: 'What was written.' }),
    plan: plan.meta({ description: 'What the reload did.' }),
    variables: names.optional().meta({ description: 'To be set before a new server can be enabled.' }),
  }),
  Indexed: z.strictObject({
    server: z.string(),
    tools: z.int(),
    added: names,
    changed: names,
    removed: names,
    withheld: names.optional(),
  }),
  Stopped: z.strictObject({ server: z.string(), state: server.shape.state }),
  Changes: z.strictObject({
    changes: z.array(
      z.strictObject({
        server: z.string(),
        tool: z.string(),
        new: z.boolean(),
        noticedAt: z.number().meta({ description: 'Milliseconds since 1970.' }),
        diff: names.meta({ description: 'Lines that begin with "-" (was), "+" (is now) or "!" (a warning).' }),
      }),
    ),
  }),
  Approval: z.strictObject({
    tool: z.string().optional().meta({ description: 'One tool; without it all of the server that wait.' }),
  }),
  Approved: z.strictObject({ server: z.string(), approved: names }),
  Catalog: z.strictObject({
    servers: z.array(
      z.strictObject({
        name: z.string(),
        version: z.string(),
        description: z.string().meta({ description: 'As its author put it.' }),
        source: z.string().meta({ description: 'The file, folder or URL of `catalog.sources` that has it.' }),
        addedAs: z.string().optional().meta({ description: 'Its name here, where an agent has added it.' }),
      }),
    ),
  }),
  Pending: z.strictObject({
    pending: z.array(
      z.strictObject({
        name: z.string(),
        id: z.string().meta({ description: 'Changes with the request.' }),
        askedBy: names.meta({ description: 'Principals, the first of them first.' }),
        askedAt: z.number().meta({ description: 'Milliseconds since 1970.' }),
        replaced: z
          .boolean()
          .meta({ description: 'Something else was asked for before; approving it needs its `id`.' }),
        entry: z.looseObject({}).meta({ description: 'As it would stand under `servers:`, secrets masked.' }),
      }),
    ),
  }),
  PendingApproval: z.strictObject({
    id: z.string().optional().meta({ description: 'Of the request that was looked at: no other is approved.' }),
  }),
  PendingRejection: z.strictObject({
    reason: z.string().max(500).optional().meta({ description: 'What those who asked are told.' }),
  }),
  Decided: z.strictObject({ name: z.string(), outcome: z.enum(['approved', 'rejected', 'removed']) }),
  Planned: z.strictObject({
    generation: z.int(),
    plan: plan.extend({ refused: names.meta({ description: 'Keys that can only change with a restart of Tooldex.' }) }),
  }),
  Reloaded: z.strictObject({ generation: z.int(), plan }),
  Document: z.looseObject({ openapi: z.string() }),
  Problem: z.strictObject({ error: z.string(), hint: z.string().optional(), code: z.string() }),
} as const satisfies Record<string, z.ZodType>;

export type AdminSchemaName = keyof typeof ADMIN_SCHEMAS;
