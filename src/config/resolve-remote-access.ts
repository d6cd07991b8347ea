/** The keys of a remote server beside its address, resolved: its login, its network, and what it may lead to. */
import { isIP } from 'node:net';
import { DEFAULTS } from './defaults.ts';
import { resolvePath } from './paths.ts';
import type { OAuthConfig, RemoteAccessConfig } from './remote-config.ts';
import type { OAuthDocument } from './remote-schema.ts';
import { duration, type ExpandedEntry, type ServerSurroundings } from './server-entry.ts';

export function resolveRemoteAccess(
  { server, path }: ExpandedEntry,
  url: URL,
  around: ServerSurroundings,
): RemoteAccessConfig {
  const { oauth, allow_private: allowPrivate, proxy, ca_file: caFile, connect_timeout: connectTimeout } = server;
  const { read_timeout: readTimeout } = server;
  if (proxy !== undefined && proxy !== 'none' && !URL.canParse(proxy)) {
    around.report([...path, 'proxy'], 'value', '"proxy": this is not a URL — write it like "http://proxy:3128"');
  }
  return {
    oauth: oauth && resolveOAuth(oauth, [...path, 'oauth'], around),
    privateHosts: (allowPrivate ?? isPrivateByName(url)) ? 'all' : 'own',
    proxy,
    caFile: caFile === undefined ? undefined : resolvePath(caFile, around.folder, around.env),
    connectTimeoutMs: duration(connectTimeout ?? DEFAULTS.connectTimeout),
    readTimeoutMs: readTimeout === undefined ? undefined : duration(readTimeout),
  };
}

function resolveOAuth(
  oauth: OAuthDocument,
  path: ExpandedEntry['path'],
  { expander, report }: ServerSurroundings,
): OAuthConfig {
  const { client_id: clientId, client_secret: clientSecret, grant = 'authorization_code', issuer, scopes } = oauth;
  if (clientSecret !== undefined) expander.noteLiterals({ client_secret: clientSecret }, path);
  const isMachine = grant === 'client_credentials';
  if (isMachine && (clientId === undefined || clientSecret === undefined)) {
    report(path, 'key', '"grant": "client_credentials" needs "client_id" and "client_secret"');
  }
  if (clientSecret !== undefined && clientId === undefined) {
    report([...path, 'client_secret'], 'key', 'inert key "client_secret" — it goes with a "client_id"');
  }
  if (!isMachine && issuer !== undefined) {
    report([...path, 'issuer'], 'key', 'inert key "issuer" — it goes with "grant": "client_credentials"');
  }
  if (isMachine && oauth.redirect_port !== undefined) {
    report([...path, 'redirect_port'], 'key', 'inert key "redirect_port" — "client_credentials" opens no browser');
  }
  return { grant, clientId, clientSecret, scopes, issuer, redirectPort: oauth.redirect_port };
}

/** The admin wrote an address of this machine or its networks, so that what it leads to is meant to be there too. */
function isPrivateByName({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 4) return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host);
  return isIP(host) === 6 && /^(::1$|f[cd])/.test(host);
}
