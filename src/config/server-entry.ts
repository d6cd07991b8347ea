/** What the three runtimes share while a server is resolved: its entry, its surroundings and the keys that all have. */
import type { NativeServerConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import type { Expander } from './expander.ts';
import type { KeyPath } from './problems.ts';
import { parseRate } from './rates.ts';
import { resolvePool } from './resolve-pool.ts';
import { resolveTools } from './resolve-tools.ts';
import type { ConfigDocument, ServerDocument } from './schema.ts';
import { type Measure, parseDuration, parseSize } from './units.ts';

/** What every server of a document is resolved with. */
export interface ServerSurroundings {
  readonly defaults: NonNullable<ConfigDocument['defaults']>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the configuration file. */
  readonly folder: string;
  readonly workspaceRoot: string;
  readonly toolsRoot: string;
  readonly expander: Expander;
  readonly report: (path: KeyPath, at: 'key' | 'value', message: string) => void;
  readonly warn: (message: string) => void;
}

/** Where a server stands in the document. */
export interface ServerEntry {
  readonly name: string;
  readonly path: KeyPath;
  readonly server: ServerDocument;
  /** Pasted from an MCP client, which writes `${NAME}` for a variable. */
  readonly fromClient: boolean;
}

/** A server whose references are expanded, unless it is disabled. */
export interface ExpandedEntry extends ServerEntry {
  readonly enabled: boolean;
  readonly workspaceDir: string | undefined;
}

export type CommonConfig = Omit<
  NativeServerConfig,
  'runtime' | 'command' | 'args' | 'env' | 'cwd' | 'processLimits' | 'sandbox' | 'installScripts' | 'user'
>;

/** The keys of every runtime: the server's own, or else the file's defaults, or else ours. */
export function resolveCommon(entry: ExpandedEntry, { defaults, report }: ServerSurroundings): CommonConfig {
  const { server } = entry;
  return {
    name: entry.name,
    description: server.description,
    tags: server.tags ?? [],
    enabled: entry.enabled,
    changes: server.changes ?? defaults.changes ?? DEFAULTS.changes,
    mode: server.mode ?? defaults.mode ?? DEFAULTS.mode,
    scope: server.scope ?? defaults.scope ?? DEFAULTS.scope,
    idleTimeoutMs: duration(server.idle_timeout ?? defaults.idle_timeout ?? DEFAULTS.idleTimeout),
    startTimeoutMs: duration(server.start_timeout ?? defaults.start_timeout ?? DEFAULTS.startTimeout),
    ...resolveLimits(server, defaults),
    pool: resolvePool(server, defaults),
    tools: resolveTools(entry, report),
    workspaceDir: entry.workspaceDir,
    workspacePer: typeof server.workspace === 'object' ? server.workspace.per : 'server',
    pathRules: server.paths ?? [],
  };
}

type LimitKeys =
  | 'rate'
  | 'toolRate'
  | 'callTimeoutMs'
  | 'callTotalTimeoutMs'
  | 'concurrency'
  | 'queueMax'
  | 'resultBytesMax';

function resolveLimits(
  { limits }: ServerDocument,
  defaults: ServerSurroundings['defaults'],
): Pick<CommonConfig, LimitKeys> {
  const otherwise = defaults.limits;
  const rateOf = (text: string | undefined) => (text === undefined ? undefined : parseRate(text));
  return {
    rate: rateOf(limits?.rate ?? otherwise?.rate),
    toolRate: rateOf(limits?.tool_rate ?? otherwise?.tool_rate),
    callTimeoutMs: duration(limits?.timeout ?? otherwise?.timeout ?? DEFAULTS.callTimeout),
    callTotalTimeoutMs: duration(limits?.total_timeout ?? otherwise?.total_timeout ?? DEFAULTS.callTotalTimeout),
    concurrency: limits?.concurrency ?? otherwise?.concurrency ?? DEFAULTS.concurrency,
    queueMax: limits?.queue ?? otherwise?.queue ?? DEFAULTS.queue,
    resultBytesMax: size(limits?.result_size ?? otherwise?.result_size ?? DEFAULTS.resultSize),
  };
}

/** Milliseconds of a text that the schema has let through. */
export function duration(text: string): number {
  return valid(parseDuration(text));
}

/** Bytes of a text that the schema has let through. */
export function size(text: string): number {
  return valid(parseSize(text));
}

function valid(measure: Measure): number {
  if (measure.ok) return measure.value;
  throw new RangeError(measure.problem);
}
