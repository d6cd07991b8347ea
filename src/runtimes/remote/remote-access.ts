/** How the remote servers of one gateway are reached: connections, tokens and what was learned, for each server once. */
import type { RemoteServerConfig } from '../../config/config.ts';
import type { OAuthConfig, RemoteAccessConfig } from '../../config/remote-config.ts';
import type { Clock } from '../../stdx/clock.ts';
import { textWithin } from '../../stdx/text-within.ts';
import type { Lookup } from './address-guard.ts';
import { authorizedFetch } from './authorized-fetch.ts';
import { authorizedPost } from './authorized-post.ts';
import { breakingWay } from './breaking-fetch.ts';
import { type LoginOptions, login } from './login.ts';
import { LoginStore } from './login-store.ts';
import { MachineTokens } from './machine-tokens.ts';
import type { RemoteFetch, RemoteWay, TokenSource } from './remote-fetch.ts';
import { openRemoteNetwork, type RemoteNetwork } from './remote-network.ts';
import { StoredTokens } from './stored-tokens.ts';

const ANSWER_MS_MAX = 15_000;
/** Metadata and tokens take a few thousand. */
const ANSWER_BYTES_MAX = 1_000_000;

export type RemoteServer = RemoteAccessConfig & Pick<RemoteServerConfig, 'name' | 'url' | 'transport' | 'headers'>;

export interface RemoteAccessOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Secret that logins are encrypted with; undefined makes a key file. */
  readonly tokenSecret: string | undefined;
  readonly clock: Clock;
  readonly lookup?: Lookup;
  /** Told what an administrator should know. */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface RemoteAccess {
  /** The same for the same configuration, so that its tokens and connections are shared. */
  wayTo(server: RemoteServer): Promise<RemoteWay>;
  /** A person's login, kept for every gateway of this data folder. */
  login(server: RemoteServer, how: Pick<LoginOptions, 'onAddress' | 'signal' | 'further'>): Promise<void>;
  /** Forgets the login here and, where it can be, there. False if there was none. */
  logout(server: RemoteServer): Promise<boolean>;
  close(): Promise<void>;
}

interface Reached {
  readonly key: string;
  readonly network: Promise<RemoteNetwork>;
  readonly way: Promise<RemoteWay>;
}

export function createRemoteAccess(options: RemoteAccessOptions): RemoteAccess {
  const { dataDir, env, tokenSecret, lookup } = options;
  const store = new LoginStore({ dataDir, secret: tokenSecret });
  const reached = new Map<string, Reached>();
  const reach = (server: RemoteServer): Reached => {
    const key = JSON.stringify(server);
    const known = reached.get(server.name);
    if (known?.key === key) return known;
    // The old one is left to the calls that are under way by it; connections that nobody uses close by themselves.
    const network = openRemoteNetwork({ ...server, server: server.name, env, lookup });
    const way = network.then((open) => dressed(server, open, { ...options, store }));
    // Whoever asks gets the error, and the next one may find the fault removed.
    const made = { key, network, way };
    reached.set(server.name, made);
    way.catch(() => {
      if (reached.get(server.name) === made) reached.delete(server.name);
    });
    return made;
  };
  return {
    wayTo: (server) => reach(server).way,
    async login(server, how) {
      const { fetch } = await reach(server).network;
      await login({ ...how, ...loginOptions(server), fetch: strictly(fetch), store });
    },
    async logout(server) {
      const known = await store.read(server.name, server.url);
      const isThere = await store.remove(server.name);
      if (known) await revoke(known, strictly((await reach(server).network).fetch)).catch(() => {});
      return isThere;
    },
    async close() {
      const networks = [...reached.values()].map(({ network }) => network);
      reached.clear();
      await Promise.all(networks.map((network) => network.then((open) => open.close()).catch(() => {})));
    },
  };
}

function loginOptions({ name, url, headers, oauth }: RemoteServer) {
  return {
    server: name,
    url,
    headers,
    client: oauth?.clientId === undefined ? undefined : { id: oauth.clientId, secret: oauth.clientSecret },
    scope: oauth?.scopes?.join(' '),
    redirectPort: oauth?.redirectPort ?? 0,
  };
}

/** A server with credentials of its own in `headers` is left with those. */
function dressed(
  server: RemoteServer,
  plain: RemoteWay,
  { store, clock, warn }: Pick<RemoteAccessOptions, 'clock' | 'warn'> & { readonly store: LoginStore },
): RemoteWay {
  const { name, url, headers, oauth } = server;
  const isSettled = Object.keys(headers).some((header) => header.toLowerCase() === 'authorization');
  const breaking = breakingWay(name, plain, clock);
  if (isSettled && !oauth) return breaking;
  const common = { server: name, url, fetch: strictly(plain.fetch), clock };
  const tokens: TokenSource = isMachine(oauth)
    ? new MachineTokens({ ...common, ...oauth, scope: oauth.scopes?.join(' ') })
    : new StoredTokens({ ...common, store, warn });
  return {
    fetch: authorizedFetch({ url, fetch: breaking.fetch, tokens }),
    post: breaking.post && authorizedPost(breaking.post, tokens),
  };
}

type MachineConfig = OAuthConfig & { readonly clientId: string; readonly clientSecret: string };

function isMachine(oauth: OAuthConfig | undefined): oauth is MachineConfig {
  return oauth?.grant === 'client_credentials' && oauth.clientId !== undefined && oauth.clientSecret !== undefined;
}

/**
 * For talking to authorization servers: credentials are not sent on to wherever a redirect points, and answers are of
 * the class that the SDK looks for.
 */
function strictly(fetch: RemoteFetch): RemoteFetch {
  return async (url, init = {}) => {
    const isGet = (init.method ?? 'GET') === 'GET';
    // Whoever waits for a token holds up others, in other processes too.
    const limit = AbortSignal.timeout(ANSWER_MS_MAX);
    const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
    const response = await fetch(url, { ...init, signal, ...(isGet ? {} : { redirect: 'error' }) });
    const { status, statusText, headers } = response;
    const text = await textWithin(response, ANSWER_BYTES_MAX);
    return new Response(text === '' ? null : text, { status, statusText, headers: Object.fromEntries(headers) });
  };
}

/** RFC 7009. A server that cannot revoke lets the token expire. */
async function revoke(
  { tokens, client, discovery }: NonNullable<Awaited<ReturnType<LoginStore['read']>>>,
  fetch: RemoteFetch,
): Promise<void> {
  const metadata: Readonly<Record<string, unknown>> = discovery.authorizationServerMetadata ?? {};
  const endpoint = metadata.revocation_endpoint;
  if (typeof endpoint !== 'string') return;
  const body = new URLSearchParams({ token: tokens.refresh_token ?? tokens.access_token, client_id: client.client_id });
  if (client.client_secret) body.set('client_secret', client.client_secret);
  const response = await fetch(endpoint, { method: 'POST', body, signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
}
