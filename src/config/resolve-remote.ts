/** A server that runs elsewhere and is reached by HTTP. */
import type { RemoteServerConfig } from './config.ts';
import type { KeyPath } from './problems.ts';
import { resolveRemoteAccess } from './resolve-remote-access.ts';
import type { ServerDocument } from './schema.ts';
import { type ExpandedEntry, resolveCommon, type ServerSurroundings } from './server-entry.ts';

type UrlKey = 'url' | 'serverUrl' | 'httpUrl';

export function resolveRemote(entry: ExpandedEntry, around: ServerSurroundings): RemoteServerConfig | undefined {
  const { server, path } = entry;
  const headers = resolveHeaders(entry, around);
  const key = (['url', 'serverUrl', 'httpUrl'] as const).find((name) => server[name] !== undefined) ?? 'url';
  const url = parseUrl(server[key] ?? '', entry.enabled);
  if (typeof url === 'string') {
    around.report([...path, key], 'value', `"${key}": ${url}`);
    return undefined;
  }
  return {
    ...resolveCommon(entry, around),
    runtime: 'remote',
    url,
    transport: resolveTransport(server, key),
    headers,
    ...resolveRemoteAccess(entry, url, around),
  };
}

function resolveHeaders({ server, path }: ExpandedEntry, around: ServerSurroundings): Readonly<Record<string, string>> {
  const key = server.headers === undefined ? 'additionalHeaders' : 'headers';
  const headers = server[key] ?? {};
  around.expander.noteLiterals(headers, [...path, key]);
  for (const [name, value] of Object.entries(headers)) checkHeader(value, [...path, key, name], around);
  return headers;
}

function checkHeader(value: string, path: KeyPath, { report }: ServerSurroundings): void {
  // What Node would refuse when the request is made.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    report(path, 'value', `"${path.at(-1)}": a header cannot hold line breaks or other control characters`);
  }
}

/** The address, or what is wrong with it; never quoted, for it may hold an expanded secret. */
function parseUrl(text: string, enabled: boolean): URL | string {
  const complete = enabled ? text : text.replace(/\$\{[^}]*\}/g, 'x');
  if (!URL.canParse(complete)) return 'this is not a URL — write it like "https://mcp.example.com/mcp"';
  const url = new URL(complete);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return `${url.protocol}// is not supported — write an http or https URL`;
  }
  if (url.username || url.password) return 'credentials do not belong in a URL — write headers: {Authorization: "..."}';
  return url;
}

function resolveTransport(server: ServerDocument, key: UrlKey): RemoteServerConfig['transport'] {
  if (server.transport !== undefined) return server.transport;
  if (server.type === 'sse') return 'sse';
  return server.type === undefined && key !== 'httpUrl' ? 'auto' : 'streamable-http';
}
