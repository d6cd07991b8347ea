/** What a new configuration would change in a running gateway: a pure comparison, for the reload itself and for `check`. */
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../errors.ts';
import type { Config, SearchConfig, ServerConfig } from './config.ts';

export interface ReloadPlan {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ChangedServer[];
  readonly unchanged: readonly string[];
  /** Keys besides servers that differ and take effect at once, such as `search.limit`. */
  readonly settings: readonly string[];
  /** Keys that differ and cannot change while the process runs. */
  readonly refused: readonly string[];
}

export interface ChangedServer {
  readonly name: string;
  /** Whether its process must end: what it runs differs, not only what is said of it or how its calls are bounded. */
  readonly restarts: boolean;
}

/** What of a server is read anew at each use. */
const READ_AT_EACH_USE: ReadonlySet<string> = new Set([
  'description',
  'tags',
  'tools',
  'callTimeoutMs',
  'callTotalTimeoutMs',
  'resultBytesMax',
  'rate',
  'toolRate',
]);

/** Compared elsewhere, or nothing that somebody wrote. */
const NO_SETTINGS: ReadonlySet<string> = new Set([
  'source',
  'defaults',
  'servers',
  'search',
  'access',
  'warnings',
  'redact',
]);
/** Settings that are read anew at each use; whatever is not here is refused, so that no change is lost in silence. */
const DYNAMIC_SETTINGS: ReadonlySet<string> = new Set([
  'workspaceRoot',
  'toolsRoot',
  'addServers',
  'catalog',
  'profiles',
  'limits',
]);
const DYNAMIC_PARTS: ReadonlySet<string> = new Set([
  'search.limit',
  'search.tokensMax',
  'search.embedder.encoderMaxTools',
  'access.rules',
]);

/** Servers count when they are enabled: switching one off removes it, switching it on adds it. */
export function planReload(before: Config, after: Config): ReloadPlan {
  const old = enabled(before);
  const next = enabled(after);
  const stayed = [...next.values()].flatMap((server) => {
    const earlier = old.get(server.name);
    return earlier ? [{ name: server.name, keys: differingKeys(earlier, server) }] : [];
  });
  const search = differingSearchKeys(before.search, after.search);
  const access = prefixed('access', differingKeys(before.access, after.access));
  const others = differingKeys(before, after).filter((key) => !NO_SETTINGS.has(key));
  const isDynamic = (key: string) => DYNAMIC_SETTINGS.has(key) || DYNAMIC_PARTS.has(key);
  const settings = [...others, ...search, ...access];
  return {
    added: [...next.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !next.has(name)),
    changed: stayed
      .filter(({ keys }) => keys.length > 0)
      .map(({ name, keys }) => ({ name, restarts: keys.some((key) => !READ_AT_EACH_USE.has(key)) })),
    unchanged: stayed.filter(({ keys }) => keys.length === 0).map(({ name }) => name),
    settings: settings.filter(isDynamic).map(asWritten),
    refused: settings.filter((key) => !isDynamic(key)).map(asWritten),
  };
}

/** Throws CONFIG_INVALID when a key differs that cannot change while the process runs. */
export function refuseStaticChanges({ refused }: ReloadPlan): void {
  if (refused.length === 0) return;
  const keys = refused.map((key) => `"${key}"`).join(', ');
  throw new GatewayError('CONFIG_INVALID', `${keys} cannot change while Tooldex runs`, {
    hint: 'restart Tooldex, or take this change back; nothing of the new file is in use until then',
  });
}

/** One line for people. */
export function describeReload({ added, removed, changed, unchanged, settings }: Omit<ReloadPlan, 'refused'>): string {
  const names = (title: string, list: readonly string[]) => (list.length > 0 ? [`${title} ${list.join(', ')}`] : []);
  const parts = [
    ...names('added', added),
    ...names('removed', removed),
    ...names(
      'changed',
      changed.map(({ name, restarts }) => (restarts ? `${name} (restarts)` : name)),
    ),
    ...names('set', settings),
  ];
  return [...parts, `${unchanged.length} ${unchanged.length === 1 ? 'server' : 'servers'} unchanged`].join('; ');
}

const enabled = ({ servers }: Config): Map<string, ServerConfig> =>
  new Map([...servers].filter(([, server]) => server.enabled));

/** Of an embedder of the same kind each key by itself. */
function differingSearchKeys(before: SearchConfig, after: SearchConfig): string[] {
  const isSameKind = before.embedder.kind === after.embedder.kind;
  return prefixed('search', differingKeys(before, after)).flatMap((key) =>
    key === 'search.embedder' && isSameKind ? prefixed(key, differingKeys(before.embedder, after.embedder)) : [key],
  );
}

const prefixed = (block: string, keys: readonly string[]) => keys.map((key) => `${block}.${key}`);

function differingKeys(before: object, after: object): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const next = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...next.keys()])].filter(
    (key) => !isDeepStrictEqual(comparable(old.get(key)), comparable(next.get(key))),
  );
}

/** URLs keep their text where a deep comparison does not look. */
const comparable = (value: unknown) => (value instanceof URL ? value.href : value);

/** As the file spells it: `dataDir` is `data_dir` there. */
const asWritten = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
