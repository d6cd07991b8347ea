/** A validated document to the configuration: the same work for a file just read and for one remembered as JSON. */
import { dirname, join } from 'node:path';
import type { Config, ServerConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { Expander } from './expander.ts';
import { includePatterns } from './include-files.ts';
import { resolvePath } from './paths.ts';
import type { Problem } from './problems.ts';
import { createRedactor } from './redact.ts';
import { resolveAccess } from './resolve-access.ts';
import { resolveCatalog } from './resolve-catalog.ts';
import { resolveBounds, resolveLimits } from './resolve-limits.ts';
import { resolveObservability } from './resolve-observability.ts';
import { resolveProfiles } from './resolve-profiles.ts';
import { resolveSearch } from './resolve-search.ts';
import { resolveServer } from './resolve-server.ts';
import type { ConfigDocument, ServerDocument } from './schema.ts';
import type { ServerEntry, ServerSurroundings } from './server-entry.ts';
import { tagSelectors } from './tag-selectors.ts';

export interface LoadOptions {
  /** The configuration file; `.json` and `.jsonc` are read as JSON with comments, everything else as YAML. */
  readonly file: string;
  /** For a gateway that runs: a pipe in the file's place is refused, where a start waits for what is written into it. */
  readonly onlyRegular?: boolean;
  /** What pipes have said in this run, by path: nobody can read them twice. */
  readonly piped?: Map<string, Buffer> | undefined;
  /** What `${env:X}` and `~` are looked up in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data folder when neither the file nor an override names one. Default: `.tooldex` beside the file. */
  readonly dataDirDefault?: string;
  /** From the command line; they win over the file. */
  readonly overrides?: { readonly host?: string; readonly port?: number; readonly dataDir?: string };
}

export type Resolved = { readonly config: Config } | { readonly problems: readonly Problem[] };

/** Converts units, makes paths absolute, expands references; problems instead of a configuration when any came up. */
export function resolveDocument(document: ConfigDocument, options: LoadOptions): Resolved {
  const expander = new Expander(options);
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const folders = resolveFolders(document, options, expander);
  const around: ServerSurroundings = {
    ...folders,
    defaults: document.defaults ?? {},
    env: options.env,
    folder: dirname(options.file),
    expander,
    report: (path, at, message) => problems.push({ path, at, message }),
    warn: (message) => warnings.push(message),
  };
  if (document.inputs?.length) warnings.push('"inputs" are questions that only VS Code asks; they are ignored');
  const servers = resolveServers(document, isClientFile(options.file), around);
  const tags = tagSelectors(document, around.report);
  const profiles = resolveProfiles(document.profiles, {
    tags,
    serverNames: new Set(SERVER_BLOCKS.flatMap((block) => Object.keys(document[block] ?? {}))),
    takesOthers: ['always', 'approval'].includes(document.add_servers ?? '') || document.catalog !== undefined,
    report: around.report,
  });
  const search = resolveSearch(document.search, options, expander);
  const catalog = resolveCatalog(document.catalog, options, expander);
  const tokenSecret = resolveTokenSecret(document, options, around);
  const access = resolveAccess(document, { options, expander, tags, report: around.report });
  const told = resolveObservability(document, options, expander);
  const all = [...problems, ...expander.problems];
  if (all.length > 0) return { problems: all };
  return {
    config: {
      ...folders,
      ...resolveSettings(document, options),
      access,
      limits: resolveLimits(document),
      bounds: resolveBounds(document),
      search,
      catalog,
      defaults: document.defaults ?? {},
      tokenSecret,
      ...told,
      servers,
      profiles,
      warnings,
      redact: createRedactor(expander.secrets()),
    },
  };
}

/** JSON files come from MCP clients, with their keys and their references. */
export function isClientFile(file: string): boolean {
  return /\.jsonc?$/i.test(file);
}

function resolveSettings(
  document: ConfigDocument,
  { file, env, overrides }: LoadOptions,
): Pick<Config, 'source' | 'listen' | 'addServers' | 'maxInstances' | 'maxStarts'> {
  return {
    source: { file, include: includePatterns(document, { file, env }) },
    listen: {
      host: overrides?.host ?? document.listen?.host ?? DEFAULTS.host,
      port: overrides?.port ?? document.listen?.port ?? DEFAULTS.port,
    },
    addServers: document.add_servers ?? DEFAULTS.addServers,
    maxInstances: document.max_instances ?? DEFAULTS.maxInstances,
    maxStarts: document.max_starts ?? DEFAULTS.maxStarts,
  };
}

const TOKEN_SECRET_CHARS_MIN = 32;

function resolveTokenSecret(
  { token_key: given }: ConfigDocument,
  { env, file }: LoadOptions,
  { expander, report }: ServerSurroundings,
): string | undefined {
  if (given === undefined) return undefined;
  expander.noteLiterals({ token_key: given }, []);
  const secret = expander.expand(given, ['token_key'], { env, folder: dirname(file), bareNames: false });
  if (secret.length < TOKEN_SECRET_CHARS_MIN) {
    const remedy = 'make one with "openssl rand -base64 32"';
    report(['token_key'], 'value', `"token_key": shorter than ${TOKEN_SECRET_CHARS_MIN} characters — ${remedy}`);
  }
  return secret;
}

type Folders = Pick<Config, 'dataDir' | 'workspaceRoot' | 'toolsRoot'>;

function resolveFolders(document: ConfigDocument, options: LoadOptions, expander: Expander): Folders {
  const folder = dirname(options.file);
  const scope = { env: options.env, folder, bareNames: false };
  const resolved = (key: 'data_dir' | 'workspace_root' | 'tools_root', otherwise: string) => {
    const given = document[key];
    return given === undefined ? otherwise : resolvePath(expander.expand(given, [key], scope), folder, options.env);
  };
  const inFile = resolved('data_dir', options.dataDirDefault ?? join(folder, '.tooldex'));
  const dataDir = options.overrides?.dataDir ?? inFile;
  return {
    dataDir,
    workspaceRoot: resolved('workspace_root', join(dataDir, 'workspaces')),
    toolsRoot: resolved('tools_root', folder),
  };
}

const SERVER_BLOCKS = ['servers', 'tools', 'mcpServers'] as const;

function resolveServers(
  document: ConfigDocument,
  fromClient: boolean,
  around: ServerSurroundings,
): Map<string, ServerConfig> {
  const servers = new Map<string, ServerConfig>();
  const blockOf = new Map<string, string>();
  for (const block of SERVER_BLOCKS) {
    for (const [name, server] of Object.entries<ServerDocument>(document[block] ?? {})) {
      const entry: ServerEntry = {
        name,
        path: [block, name],
        server,
        fromClient: fromClient || block === 'mcpServers',
      };
      const earlier = blockOf.get(name);
      if (earlier !== undefined) around.report(entry.path, 'key', `server "${name}" stands in "${earlier}" already`);
      blockOf.set(name, block);
      const resolved = resolveServer(entry, around);
      if (resolved) servers.set(name, resolved);
    }
  }
  return servers;
}
