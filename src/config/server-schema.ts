/** The strict shape of a server in a configuration file. */
import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { rateLimits } from './limits-schema.ts';
import { pool } from './pool-schema.ts';
import { containerSafety, installScripts, processLimits, sandbox, workspace } from './process-schema.ts';
import { remoteAccess } from './remote-schema.ts';
import { count, duration, globs, keys, size, tags } from './schema-values.ts';
import { tools } from './tools-schema.ts';

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'an environment variable has letters, digits and "_", no digit first' });

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/, { error: 'this is not the name of an HTTP header' });

const headers = () => z.record(headerName, z.string());

const callLimits = {
  ...rateLimits,
  timeout: duration().optional().meta({
    description: 'A call that is silent for so long, without even progress, is given up.',
    default: DEFAULTS.callTimeout,
  }),
  total_timeout: duration().optional().meta({
    description: 'The longest a call may take, whatever progress it reports.',
    default: DEFAULTS.callTotalTimeout,
  }),
  concurrency: count().optional().meta({
    description: 'Calls of an instance at the same time; more of them wait in a line.',
    default: DEFAULTS.concurrency,
  }),
  queue: z.int().min(0).optional().meta({
    description: 'How many calls of the same callers may wait; one more is refused, and told when to come again.',
    default: DEFAULTS.queue,
  }),
  result_size: size().optional().meta({
    description: 'Longest result that an agent gets in one piece; the rest is kept for a while, to be read on.',
    default: DEFAULTS.resultSize,
  }),
};

/** Keys that also stand in the block `defaults`. */
export const everyServer = {
  changes: z
    .enum(['allow', 'quarantine'])
    .optional()
    .meta({
      description:
        'What happens to tools that a server lists otherwise than before, or in addition: `allow` takes them over, ' +
        '`quarantine` keeps them out of search and use until `tooldex approve`. What the first listing has is trusted.',
      default: DEFAULTS.changes,
    }),
  mode: z.enum(['daemon', 'launcher']).optional().meta({
    description:
      '`daemon`: one instance, started by the first call and kept until idle. `launcher`: an instance for each call.',
    default: DEFAULTS.mode,
  }),
  scope: z
    .enum(['principal', 'shared', 'session'])
    .optional()
    .meta({
      description:
        'Who shares an instance. `principal`: all calls of one user or key. `shared`: everybody; the server can then ask ' +
        'nobody back. `session`: one client session, also with `mode: launcher`; its instances end with it.',
      default: DEFAULTS.scope,
    }),
  idle_timeout: duration()
    .optional()
    .meta({ description: 'A daemon without calls for so long is stopped.', default: DEFAULTS.idleTimeout }),
  start_timeout: duration().optional().meta({
    description: 'From launch until the server has introduced itself; installing is not counted.',
    default: DEFAULTS.startTimeout,
  }),
  pool: pool.optional().meta({ description: 'How many instances of a daemon there are for the same callers.' }),
  limits: keys(callLimits).optional().meta({ description: 'Bounds of every call.' }),
};

const mount = keys(
  {
    source: z
      .string()
      .min(1)
      .meta({ description: 'Folder or file of this machine.', examples: ['./data'] }),
    target: z
      .string()
      .regex(/^\/[^,:]+$/, { error: 'must be an absolute path in the container, without "," and ":"' })
      .meta({ description: 'Where the container sees it; an absolute path.', examples: ['/data'] }),
    read_only: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the container may not write to it.', default: true }),
  },
  '{source: ./data, target: /data}',
);

const commonKeys = {
  runtime: z
    .enum(['native', 'container', 'remote'])
    .optional()
    .meta({ description: 'How the server runs. Need not be written: `command`, `image` and `url` each say it.' }),
  description: z
    .string()
    .max(500)
    .optional()
    .meta({ description: 'What the server is good for, in a sentence; agents find it by these words.' }),
  tags: tags()
    .optional()
    .meta({
      description: 'Words by which profiles and access rules choose it with all its tools, as `tag:x`.',
      examples: [['code', 'internal']],
    }),
  enabled: z.boolean().optional().meta({
    description: '`false` keeps the entry but hides the server; its references are not expanded.',
    default: true,
  }),
  ...everyServer,
  limits: keys({ ...callLimits, ...processLimits })
    .optional()
    .meta({ description: 'Bounds of every call, and of the processes of a native server.' }),
  tools: tools.optional().meta({
    description: 'Which tools of the server exist, and as what they are shown. Without it: all, as they are.',
  }),
};

const processKeys = {
  args: z
    .array(z.string())
    .optional()
    .meta({ description: 'Arguments of the command, or of the image.', examples: [['-y', 'pkg@1.2.3']] }),
  env: z
    .record(variableName, z.string())
    .optional()
    .meta({
      description: 'Environment variables; the server gets these and the bare necessities, nothing else of yours.',
      examples: [{ API_KEY: '${env:API_KEY}' }],
    }),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/, {
      error: 'a user is written "1000", "1000:1000" or "name"',
    })
    .optional()
    .meta({
      description:
        'Who the server is. Native servers: a user of this machine, if Tooldex runs as root; default: who runs Tooldex. ' +
        'Containers: a user of the image; default: what the image says if that is not root, else nobody, or whoever a writable mount needs.',
      examples: ['1000:1000'],
    }),
  workspace,
  paths: globs()
    .optional()
    .meta({
      description:
        'Arguments of its tools that are paths and must stay in the workspace, by name or glob, besides those that their schemas show to be; with `!` in front, such that are none. The last match counts.',
      examples: [['target', '!url_path']],
    }),
};

const nativeKeys = {
  command: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        'Program to run, without a shell. `npx` and `uvx` packages are installed once and then started directly. A relative path (`./x.sh`) starts at `tools_root`.',
      examples: ['npx'],
    }),
  cwd: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Folder to run in. Default: the workspace, or else the folder of this file.' }),
  sandbox,
  install_scripts: installScripts,
};

const containerKeys = {
  image: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/, {
      error: 'this is not the name of an image — write it like "mcp/fetch:1.0"',
    })
    .optional()
    .meta({ description: 'Image to run, pulled when it is not there.', examples: ['mcp/filesystem'] }),
  network: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
      error: 'this is not the name of a network — write "none", "bridge" or a name',
    })
    .optional()
    .meta({
      description: '`none`, `bridge` (the Internet) or the name of an existing network.',
      default: DEFAULTS.network,
    }),
  memory: size().optional().meta({ description: 'Memory that the container may use.', default: DEFAULTS.memory }),
  cpus: z
    .number()
    .min(0.01)
    .optional()
    .meta({ description: 'Processor cores that it may use.', default: DEFAULTS.cpus }),
  pids: count().optional().meta({ description: 'Processes that it may have.', default: DEFAULTS.pids }),
  mounts: z
    .array(mount)
    .optional()
    .meta({ description: 'Folders and files of this machine that the container sees, besides its workspace.' }),
  ...containerSafety,
};

const remoteKeys = {
  url: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Address of a server that runs elsewhere.', examples: ['https://mcp.example.com/mcp'] }),
  transport: z
    .enum(['auto', 'streamable-http', 'sse'])
    .optional()
    .meta({ description: '`auto` tries streamable HTTP, then the older HTTP+SSE.', default: 'auto' }),
  headers: headers()
    .optional()
    .meta({ description: 'HTTP headers of every request.', examples: [{ Authorization: 'Bearer ${env:TOKEN}' }] }),
  ...remoteAccess,
};

/** Other spellings, so that what people paste from elsewhere loads as it stands. */
const otherSpellings = {
  cmd: z.string().min(1).optional().meta({ description: 'The same as `command`.' }),
  disabled: z.boolean().optional().meta({ description: 'The opposite of `enabled`, as some clients write it.' }),
  type: z
    .enum(['stdio', 'http', 'streamable-http', 'streamableHttp', 'sse'])
    .optional()
    .meta({ description: 'What MCP clients call the transport; `stdio` goes with `command`, the others with `url`.' }),
  serverUrl: z.string().min(1).optional().meta({ description: 'The same as `url` (Windsurf).' }),
  httpUrl: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'The same as `url` with `transport: streamable-http` (Gemini CLI).' }),
  additionalHeaders: headers().optional().meta({ description: 'The same as `headers`.' }),
};

const serverShape = {
  ...commonKeys,
  ...processKeys,
  ...nativeKeys,
  ...containerKeys,
  ...remoteKeys,
  ...otherSpellings,
};

/** Keys of client files that Tooldex understands, or that concern the client alone and are reported as such. */
const clientShape = {
  includeTools: globs().optional().meta({ description: 'The same as `tools: {allow}` (Gemini CLI).' }),
  excludeTools: globs().optional().meta({ description: 'The same as `tools: {deny}` (Gemini CLI).' }),
  disabledTools: globs().optional().meta({ description: 'The same as `tools: {deny}` (Windsurf, Cline).' }),
  autoApprove: z.unknown().optional().meta({ description: 'Concerns the client alone; reported and ignored.' }),
  alwaysAllow: z.unknown().optional().meta({ description: 'Concerns the client alone; reported and ignored.' }),
  alwaysLoad: z.unknown().optional().meta({ description: 'Concerns the client alone; reported and ignored.' }),
  trust: z.unknown().optional().meta({ description: 'Concerns the client alone; reported and ignored.' }),
  gallery: z.unknown().optional().meta({ description: 'Concerns the client alone; reported and ignored.' }),
  timeout: z.unknown().optional().meta({
    description: 'Seconds for one client, milliseconds for another; reported and ignored: write `limits: {timeout}`.',
  }),
};

/** A server as Tooldex writes it. */
export const server = keys(serverShape).meta({ id: 'server' });
/** A server as MCP clients write it. */
export const clientServer = keys({ ...serverShape, ...clientShape }).meta({ id: 'clientServer' });

/** The keys of a server as the documentation groups them. */
export const SERVER_KEY_GROUPS: readonly { readonly title: string; readonly keys: readonly string[] }[] = [
  { title: 'Every server', keys: Object.keys(commonKeys) },
  { title: 'Native servers and containers', keys: Object.keys(processKeys) },
  { title: 'Native servers', keys: Object.keys(nativeKeys) },
  { title: 'Containers', keys: Object.keys(containerKeys) },
  { title: 'Remote servers', keys: Object.keys(remoteKeys) },
  { title: 'Other spellings', keys: Object.keys(otherSpellings) },
  { title: 'Only in `mcpServers` and in JSON files', keys: Object.keys(clientShape) },
];
