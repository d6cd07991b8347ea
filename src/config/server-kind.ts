/** What the keys of a server mean together: its runtime, and which of them would do nothing. */
import type { ServerMode } from './config.ts';
import type { ServerDocument } from './schema.ts';

export type RuntimeKind = 'native' | 'container' | 'remote';

/** A finding at one key of the server; no key means the server itself. */
export interface KeyFinding {
  readonly key?: keyof ServerDocument;
  readonly message: string;
}

const MAIN_KEYS: Readonly<Record<RuntimeKind, readonly (keyof ServerDocument)[]>> = {
  native: ['command', 'cmd'],
  container: ['image'],
  remote: ['url', 'serverUrl', 'httpUrl'],
};

const KINDS: readonly RuntimeKind[] = ['native', 'container', 'remote'];

/** Keys that do something with these runtimes only; what is not here does with all. */
const KINDS_OF_KEY: Partial<Record<keyof ServerDocument, readonly RuntimeKind[]>> = {
  command: ['native'],
  cmd: ['native'],
  cwd: ['native'],
  args: ['native', 'container'],
  env: ['native', 'container'],
  workspace: ['native', 'container'],
  paths: ['native', 'container'],
  image: ['container'],
  network: ['container'],
  memory: ['container'],
  cpus: ['container'],
  pids: ['container'],
  user: ['native', 'container'],
  mounts: ['container'],
  runtime_class: ['container'],
  privileged: ['container'],
  allow_dangerous: ['container'],
  registry_auth: ['container'],
  sandbox: ['native'],
  install_scripts: ['native'],
  url: ['remote'],
  serverUrl: ['remote'],
  httpUrl: ['remote'],
  transport: ['remote'],
  headers: ['remote'],
  oauth: ['remote'],
  allow_private: ['remote'],
  proxy: ['remote'],
  ca_file: ['remote'],
  connect_timeout: ['remote'],
  read_timeout: ['remote'],
  additionalHeaders: ['remote'],
};

/** Pairs of which a server may have one. */
const SAME_MEANING: readonly (readonly [keyof ServerDocument, keyof ServerDocument])[] = [
  ['command', 'cmd'],
  ['url', 'serverUrl'],
  ['url', 'httpUrl'],
  ['serverUrl', 'httpUrl'],
  ['headers', 'additionalHeaders'],
  ['enabled', 'disabled'],
  ['tools', 'includeTools'],
  ['tools', 'excludeTools'],
  ['tools', 'disabledTools'],
];

/** The runtime, or why there is none. */
export function kindOfServer(server: ServerDocument): { readonly kind: RuntimeKind } | KeyFinding {
  const shown = KINDS.filter((kind) => MAIN_KEYS[kind].some((key) => server[key] !== undefined));
  const [first, second] = shown;
  if (server.runtime !== undefined) {
    if (shown.includes(server.runtime)) return { kind: server.runtime };
    return { key: 'runtime', message: `runtime "${server.runtime}" needs the key "${MAIN_KEYS[server.runtime][0]}"` };
  }
  if (first === undefined) return { message: 'missing key "command", "image" or "url" — one of them says what to run' };
  if (second === undefined) return { kind: first };
  const surplus = MAIN_KEYS[second].find((key) => server[key] !== undefined);
  return {
    ...(surplus && { key: surplus }),
    message: `"${surplus}" and "${mainKey(server, first)}" exclude each other`,
  };
}

function mainKey(server: ServerDocument, kind: RuntimeKind): keyof ServerDocument | undefined {
  return MAIN_KEYS[kind].find((key) => server[key] !== undefined);
}

/** Every key that contradicts another or does nothing. */
export function findIdleKeys(server: ServerDocument, kind: RuntimeKind, mode: ServerMode): KeyFinding[] {
  const present = (Object.keys(server) as (keyof ServerDocument)[]).filter((key) => server[key] !== undefined);
  const inert = present
    .filter((key) => !(KINDS_OF_KEY[key]?.includes(kind) ?? true))
    .map((key) => ({ key, message: `inert key "${key}" — it does nothing with runtime ${kind}` }));
  const double = SAME_MEANING.filter(([one, other]) => server[one] !== undefined && server[other] !== undefined).map(
    ([one, other]) => ({ key: other, message: `"${other}" means the same as "${one}" — write one of them` }),
  );
  return [
    ...inert,
    ...double,
    ...findPathKeys(server),
    ...findOwnWorkspace(server),
    ...findLimitKeys(server, kind),
    ...findModeKeys(server, mode),
    ...findTypeKeys(server, kind),
  ];
}

function findModeKeys(server: ServerDocument, mode: ServerMode): KeyFinding[] {
  return [...findLauncherKeys(server, mode), ...findPoolKeys(server)];
}

function findLauncherKeys(server: ServerDocument, mode: ServerMode): KeyFinding[] {
  if (mode !== 'launcher') return [];
  const idle: KeyFinding = {
    key: 'idle_timeout',
    message: 'inert key "idle_timeout" — a launcher is never idle, only "mode: daemon" is',
  };
  const pool: KeyFinding = {
    key: 'pool',
    message: 'inert key "pool" — a launcher starts an instance for each call, only "mode: daemon" keeps some',
  };
  return [idle, pool].filter(({ key }) => key && server[key] !== undefined);
}

function findPoolKeys({ pool, scope }: ServerDocument): KeyFinding[] {
  const { min = 0, max = min } = pool ?? {};
  if (min > max) return [{ key: 'pool', message: `"pool": min ${min} is more than max ${max}` }];
  if (min === 0 || scope !== 'session') return [];
  return [
    { key: 'pool', message: 'inert key "pool.min" — with "scope: session" nobody is there to keep an instance for' },
  ];
}

const PROCESS_LIMITS = ['memory', 'processes', 'files', 'cpu'] as const;

function findLimitKeys({ limits }: ServerDocument, kind: RuntimeKind): KeyFinding[] {
  const idle = kind === 'native' ? undefined : PROCESS_LIMITS.find((key) => limits?.[key] !== undefined);
  const remedy = kind === 'container' ? ' — a container has "memory", "cpus" and "pids" beside "limits"' : '';
  return idle === undefined
    ? []
    : [{ key: 'limits', message: `inert key "limits.${idle}" — it does nothing with runtime ${kind}${remedy}` }];
}

function findOwnWorkspace({ workspace, scope }: ServerDocument): KeyFinding[] {
  if (typeof workspace !== 'object' || workspace.per !== 'principal' || scope !== 'shared') return [];
  const message = '"workspace": {per: principal} contradicts "scope: shared" — one instance has one folder';
  return [{ key: 'workspace', message }];
}

function findPathKeys({ paths, workspace, image }: ServerDocument): KeyFinding[] {
  if (paths === undefined || workspace !== undefined || image !== undefined) return [];
  return [{ key: 'paths', message: 'inert key "paths" — without "workspace" there is no folder to stay in' }];
}

function findTypeKeys(server: ServerDocument, kind: RuntimeKind): KeyFinding[] {
  if (server.type === undefined) return [];
  if (server.transport !== undefined) {
    return [{ key: 'type', message: '"type" means the same as "transport" — write one of them' }];
  }
  const fits = kind === 'remote' ? server.type !== 'stdio' : server.type === 'stdio';
  return fits ? [] : [{ key: 'type', message: `type "${server.type}" does not go with runtime ${kind}` }];
}
