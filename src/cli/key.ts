/** `tooldex key create|list|revoke`: the API keys of a data folder, whether or not a gateway runs on it. */
import type { ApiKey, ApiKeys } from '../catalog/api-keys.ts';
import type { Config } from '../config/config.ts';
import { loadConfigCached } from '../config/load-config.ts';
import { parseDuration } from '../config/units.ts';
import { GatewayError } from '../errors.ts';
import { openKeys } from '../gateway-access.ts';
import { auditOnce } from '../gateway-observed.ts';
import type { Log } from '../observability/log.ts';
import { LOCAL } from '../policy/principal.ts';
import { type CommonFlags, type Invocation, print, printJson, tell } from './invocation.ts';
import { loadOptions } from './open.ts';

export interface KeyFlags extends CommonFlags {
  readonly group?: readonly string[];
  readonly expires?: string;
}

/** The key alone on standard output, so that it can be piped to where it is kept. */
export async function createKey(invocation: Invocation, name: string, flags: KeyFlags): Promise<number> {
  if (!/^[\w.@-]{1,64}$/.test(name))
    throw usage(`"${name}" is no name for a key`, 'use letters, digits, ".", "_", "@" and "-"');
  const expiresAt = flags.expires === undefined ? undefined : Date.now() + lifetime(flags.expires);
  return changeKeys(invocation, flags, {
    action: 'key create',
    target: name,
    act: (keys) => {
      const key = keys.create({ name, groups: flags.group ?? [], expiresAt });
      if (key === undefined) throw usage(`a key "${name}" is in force`, `revoke it first: tooldex key revoke ${name}`);
      if (flags.json) printJson(invocation, { key, name, principal: `key:${name}` });
      else print(invocation, key);
      tell(invocation, 'this key is shown once and cannot be shown again');
    },
  });
}

export async function listKeys(invocation: Invocation, flags: KeyFlags): Promise<number> {
  await withKeys(invocation, flags, (keys) => {
    const rows = keys.all().map((key) => ({ ...key, state: stateOf(key) }));
    if (flags.json) return printJson(invocation, { keys: rows });
    for (const { id, name, state, groups, usedAt } of rows) {
      const used = usedAt === undefined ? 'never used' : `used ${day(usedAt)}`;
      const words = [id, name, state, ...(groups.length > 0 ? [`groups ${groups.join(',')}`] : []), used];
      print(invocation, words.join('  '));
    }
    if (rows.length === 0) tell(invocation, 'there is no key; make one with "tooldex key create <name>"');
  });
  return 0;
}

export async function revokeKey(invocation: Invocation, nameOrId: string, flags: KeyFlags): Promise<number> {
  return changeKeys(invocation, flags, {
    action: 'key revoke',
    target: nameOrId,
    act: (keys) => {
      const revoked = keys.revoke(nameOrId);
      if (!revoked) throw usage(`no key "${nameOrId}" is in force`, 'see "tooldex key list"');
      if (flags.json) printJson(invocation, { revoked });
      else print(invocation, `revoked ${revoked.name} (${revoked.id}); running gateways refuse it from now on`);
    },
  });
}

async function withKeys(invocation: Invocation, flags: CommonFlags, act: (keys: ApiKeys) => void): Promise<Config> {
  const config = await loadConfigCached(loadOptions(invocation, flags));
  const { keys, close } = await openKeys(config);
  try {
    act(keys);
    return config;
  } finally {
    close();
  }
}

interface KeyChange {
  readonly action: 'key create' | 'key revoke';
  readonly target: string;
  readonly act: (keys: ApiKeys) => void;
}

/** Who may do it is whoever may write the data folder. */
async function changeKeys(invocation: Invocation, flags: CommonFlags, change: KeyChange): Promise<number> {
  const { action, target, act } = change;
  const config = await withKeys(invocation, flags, act);
  const log: Log = (_level, message) => tell(invocation, config.redact(message));
  await auditOnce({ config, log }, { principal: LOCAL, action, target, outcome: 'ok' });
  return 0;
}

function stateOf({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== undefined) return `revoked ${day(revokedAt)}`;
  if (expiresAt === undefined) return 'in force';
  return expiresAt <= Date.now() ? `expired ${minute(expiresAt)}` : `in force until ${minute(expiresAt)}`;
}

function lifetime(text: string): number {
  const [, years] = /^(\d{1,2})y$/.exec(text) ?? [];
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  if (years !== undefined && Number(years) > 0) return Number(years) * 365 * DAY_MS;
  if (days !== undefined && Number(days) > 0) return Number(days) * DAY_MS;
  const measure = parseDuration(text);
  if (measure.ok) return measure.value;
  throw usage(measure.problem, 'write for example --expires 90d');
}

const DAY_MS = 86_400_000;
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
/** Keys may be in force for minutes. */
const minute = (ms: number) => new Date(ms).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
const usage = (message: string, hint: string) => new GatewayError('USAGE', message, { hint });
