/** The connections of one remote server: guarded, through a proxy where there is one, trusting its own authorities too. */
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import { GatewayError } from '../../errors.ts';
import { type AddressGuard, createAddressGuard, type Lookup, type PrivateHosts } from './address-guard.ts';
import { ownCause } from './own-cause.ts';
import type { RemoteWay } from './remote-fetch.ts';
import { createRemotePost } from './remote-post.ts';

export interface NetworkOptions {
  readonly server: string;
  readonly url: URL;
  readonly privateHosts: PrivateHosts;
  /** A proxy for all requests, `none`, or undefined for what the environment says. */
  readonly proxy: string | undefined;
  /** PEM file with certificates to trust besides the usual ones. Absolute. */
  readonly caFile: string | undefined;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs?: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly lookup?: Lookup | undefined;
}

/** It throws NOT_ALLOWED for a private address; otherwise as `fetch` does. */
export interface RemoteNetwork extends RemoteWay {
  close(): Promise<void>;
}

interface Proxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** Throws CONFIG_INVALID when the file of authorities cannot be read. */
export async function openRemoteNetwork(options: NetworkOptions): Promise<RemoteNetwork> {
  const undici = await import('undici');
  const guardOf = createGuards(options);
  const tls = { timeout: options.connectTimeoutMs, ...(await authorities(options)) };
  const proxies = proxiesOf(options);
  const connectorFor = (guard: AddressGuard) =>
    guardedConnector(undici.buildConnector({ ...tls, lookup: guard.lookup }), guard);
  const connectors = new Map([guardOf.own, guardOf.other].map((guard) => [guard, connectorFor(guard)]));
  const connect: buildConnector.connector = (to, done) => connectors.get(guardOf.port(to))?.(to, done);
  // Calls have deadlines of their own, and a stream may be silent for hours unless the entry says otherwise.
  const common = { connect, bodyTimeout: options.readTimeoutMs ?? 0, headersTimeout: 0 };
  const dispatcher: Dispatcher = proxies
    ? new undici.EnvHttpProxyAgent({ ...common, ...proxies, requestTls: tls, proxyTls: tls })
    : new undici.Agent(common);
  // Behind a proxy connections are not ours to guard.
  const refusal = (to: URL) => (proxies ? guardOf.port(to).refuseLiteral(to.hostname) : undefined);
  return {
    post: refusal(options.url) ? undefined : createRemotePost(dispatcher, options.url),
    fetch: async (url, init = {}) => {
      const refused = refusal(new URL(url));
      if (refused) throw refused;
      // Behind a proxy nobody sees where a redirect leads to.
      const redirect = proxies && init.redirect !== 'manual' ? 'error' : init.redirect;
      const headers = Object.fromEntries(new Headers(init.headers));
      const request = { ...init, headers, dispatcher, ...(redirect ? { redirect } : {}) };
      try {
        return (await undici.fetch(url, request as Parameters<typeof undici.fetch>[1])) as unknown as Response;
      } catch (error) {
        throw (error instanceof Error && ownCause(error)) || error;
      }
    },
    close: () => dispatcher.destroy(),
  };
}

interface Guards {
  readonly own: AddressGuard;
  readonly other: AddressGuard;
  port(to: { readonly protocol: string; readonly port: string }): AddressGuard;
}

/** Who answers for the server's name chooses where it points, so another port of it is as foreign as another host. */
function createGuards(options: NetworkOptions): Guards {
  const { url, privateHosts } = options;
  const own = createAddressGuard(options);
  const other = privateHosts === 'own' ? createAddressGuard({ ...options, privateHosts: 'none' }) : own;
  return { own, other, port: (to) => (portOf(to) === portOf(url) ? own : other) };
}

const portOf = ({ protocol, port }: { readonly protocol: string; readonly port: string }) =>
  port || (protocol === 'https:' ? '443' : '80');

/** Addresses as such are never looked up, so they are held against the guard first. */
function guardedConnector(connect: buildConnector.connector, guard: AddressGuard): buildConnector.connector {
  return (options, done) => {
    const refused = guard.refuseLiteral(options.hostname);
    if (refused) done(refused, null);
    else connect(options, done);
  };
}

async function authorities({ server, caFile }: NetworkOptions): Promise<{ ca?: string[] }> {
  if (caFile === undefined) return {};
  try {
    return { ca: [...rootCertificates, await readFile(caFile, 'utf8')] };
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `The \`ca_file\` of server "${server}" cannot be read: ${caFile}`, {
      hint: 'Give the path of a PEM file that Tooldex may read.',
      cause: error,
    });
  }
}

/** As curl and most programs read them. This machine itself is never reached through a proxy. */
function proxiesOf({ proxy, env }: NetworkOptions): Proxies | undefined {
  if (proxy === 'none') return undefined;
  const both = env.ALL_PROXY ?? env.all_proxy ?? '';
  const httpProxy = proxy ?? env.http_proxy ?? env.HTTP_PROXY ?? both;
  const httpsProxy = proxy ?? env.https_proxy ?? env.HTTPS_PROXY ?? both;
  if (!/^https?:/.test(httpProxy) && !/^https?:/.test(httpsProxy)) return undefined;
  const listed = proxy === undefined ? (env.no_proxy ?? env.NO_PROXY) : undefined;
  const noProxy = [listed, 'localhost', '127.0.0.1', '::1'].filter(Boolean).join(',');
  return { httpProxy, httpsProxy, noProxy };
}
