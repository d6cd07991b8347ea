/** From flags to the gateway that runs for this configuration, if one does, and requests to its `/api`. */
import { realpathSync } from 'node:fs';
import type { KnownServer } from '../catalog/server-directory.ts';
import { dataDirOf } from '../config/load-config.ts';
import { ERROR_CLASSES, type ErrorCode, GatewayError } from '../errors.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { askJson } from './ask-json.ts';
import { type CommonFlags, type Invocation, tell } from './invocation.ts';
import { loadOptions } from './open.ts';
import { readServing, type Serving } from './serving.ts';

/** Flags of every command that can act on a running gateway. */
export interface AdminFlags extends CommonFlags {
  /** Where it is; `false` leaves a running one alone. */
  readonly gateway?: string | false;
  readonly key?: string;
}

export interface AdminClient {
  /** Of the gateway, without a path. */
  readonly url: string;
  /** Throws what the gateway answers, with its code; UNAUTHENTICATED and NOT_ALLOWED where it lets nobody in by this key. */
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: JsonObject): Promise<JsonObject>;
}

/**
 * The one that `--gateway` names, or the one that serves this configuration from this data folder; undefined where none
 * does, and, said on standard error, where one runs that asks for a key and none was given.
 */
export async function runningGateway(invocation: Invocation, flags: AdminFlags): Promise<AdminClient | undefined> {
  const found = await findGateway(invocation, flags);
  if (found?.isShut) {
    const { url } = found.client;
    tell(invocation, `note: the gateway at ${url} asks for a key (TOOLDEX_KEY, or --key), so this goes without it`);
  }
  return found?.isShut ? undefined : found?.client;
}

/** The same, for what only a running gateway can do. Throws USAGE where none runs, UNAUTHENTICATED without a key that it asks for. */
export async function requireGateway(invocation: Invocation, flags: AdminFlags): Promise<AdminClient> {
  const found = await findGateway(invocation, flags);
  if (found && !found.isShut) return found.client;
  if (found) {
    throw new GatewayError('UNAUTHENTICATED', `the gateway at ${found.client.url} asks for a key`, { hint: KEY_HINT });
  }
  throw new GatewayError('USAGE', 'no gateway that this command could act on runs for this configuration', {
    hint: 'start one with "tooldex serve", or name one with --gateway http://127.0.0.1:8080 and a key with --key',
  });
}

interface Found {
  readonly client: AdminClient;
  /** It serves this configuration and asks for a key, and none was given. */
  readonly isShut: boolean;
}

async function findGateway(invocation: Invocation, flags: AdminFlags): Promise<Found | undefined> {
  if (flags.gateway === false) return undefined;
  const key = flags.key ?? invocation.env.TOOLDEX_KEY;
  if (flags.gateway !== undefined) return { client: createAdminClient(originOf(flags.gateway), key), isShut: false };
  for (const serving of servingOf(invocation, flags)) {
    const client = createAdminClient(serving.url, key);
    const reached = await reach(client, serving, loadOptions(invocation, flags).file);
    if (reached === 'shut' && key !== undefined) throw refused(client.url);
    if (reached !== 'other') return { client, isShut: reached === 'shut' };
  }
  return undefined;
}

/** A server as the gateway tells of it, as far as commands read it. */
export interface ServerRow {
  readonly name: string;
  readonly enabled: boolean;
  readonly state: string;
  readonly reason?: string;
  readonly missing?: KnownServer['missing'];
  readonly status: string;
  readonly toolCount: number | null;
  readonly waiting: number;
  readonly description: string;
  readonly tags: readonly string[];
}

export async function serversOf(gateway: AdminClient): Promise<readonly ServerRow[]> {
  const { servers } = await gateway.ask('GET', '/api/servers');
  return servers as unknown as readonly ServerRow[];
}

function servingOf(invocation: Invocation, flags: AdminFlags): Serving[] {
  return readServing(dataDirOf(loadOptions(invocation, flags)));
}

/** `ours`: it serves this file and lets us administer. `shut`: it serves this file and does not. */
async function reach(client: AdminClient, serving: Serving, file: string): Promise<'ours' | 'shut' | 'other'> {
  const isSame = (other: unknown) => typeof other === 'string' && real(other) === real(file);
  try {
    const { config } = await client.ask('GET', '/api/servers');
    return isObject(config) && isSame(config.file) ? 'ours' : 'other';
  } catch (error) {
    const isShut = error instanceof GatewayError && (error.code === 'UNAUTHENTICATED' || error.code === 'NOT_ALLOWED');
    return isShut && isSame(serving.file) ? 'shut' : 'other';
  }
}

function createAdminClient(url: string, key: string | undefined): AdminClient {
  return {
    url,
    async ask(method, path, body) {
      const headers = {
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      };
      const question = { method, headers, body: body && JSON.stringify(body) };
      const { status, answer } = await askJson(new URL(path, url), question).catch((cause: unknown) => {
        throw unreachable(url, cause);
      });
      if (status >= 200 && status < 300 && isObject(answer)) return answer as JsonObject;
      throw failureOf(status, isObject(answer) ? answer : {}, url);
    },
  };
}

function failureOf(status: number, answer: Record<string, unknown>, url: string): GatewayError {
  const { error, hint, code } = answer;
  if (typeof code === 'string' && Object.hasOwn(ERROR_CLASSES, code)) {
    return new GatewayError(code as ErrorCode, String(error), typeof hint === 'string' ? { hint } : {});
  }
  // Whoever is no admin is told that nothing is there.
  if (status === 404) return refused(url);
  const said = typeof error === 'string' ? error : `status ${status}`;
  return new GatewayError(
    status === 401 ? 'UNAUTHENTICATED' : 'NOT_ALLOWED',
    `the gateway at ${url} refuses: ${said}`,
    { hint: KEY_HINT },
  );
}

const KEY_HINT = 'give the key of an admin in TOOLDEX_KEY, or with --key';

const refused = (url: string) =>
  new GatewayError('NOT_ALLOWED', `the gateway at ${url} does not let you administer it`, {
    hint: `${KEY_HINT}; --no-gateway acts on the files`,
  });

const unreachable = (url: string, cause: unknown) =>
  new GatewayError('USAGE', `no gateway answers at ${url}: ${causeOf(cause)}`, {
    hint: 'see that "tooldex serve" runs there',
    cause,
  });

/** The error of a name with several addresses says nothing itself. */
function causeOf(thrown: unknown): string {
  const [first] = thrown instanceof AggregateError ? thrown.errors : [];
  const error: unknown = first ?? thrown;
  return error instanceof Error ? error.message : String(error);
}

function originOf(given: string): string {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return new URL(given).origin;
  throw new GatewayError('USAGE', `"${given}" is no address of a gateway`, {
    hint: 'write for example --gateway http://127.0.0.1:8080',
  });
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
