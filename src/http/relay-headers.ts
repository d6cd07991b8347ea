/** What the headers of a request say about the client's era, and about what it reads and writes. */
import type { IncomingHttpHeaders } from 'node:http';
import { MODERN_VERSION } from '../bridge/protocol-versions.ts';
import { LEGACY_VERSIONS } from '../meta-tools/legacy-opening.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';

export function isModern({ method, params }: JsonObject, headers: IncomingHttpHeaders): boolean {
  if (typeof method !== 'string') return false;
  if (isModernVersion(headers)) return true;
  const meta = isObject(params) ? params._meta : undefined;
  return isObject(meta) && Object.keys(meta).some((key) => key.startsWith('io.modelcontextprotocol/'));
}

export const isModernVersion = (headers: IncomingHttpHeaders) => headers['mcp-protocol-version'] === MODERN_VERSION;

export function isLegacyVersion(headers: IncomingHttpHeaders): boolean {
  const version = headers['mcp-protocol-version'];
  return version === undefined || (typeof version === 'string' && LEGACY_VERSIONS.includes(version));
}

export function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

export function acceptsBoth({ accept = '' }: IncomingHttpHeaders): boolean {
  return accept.includes('application/json') && accept.includes('text/event-stream');
}

export function namedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const names = {
    protocolVersionHeader: 'mcp-protocol-version',
    mcpMethodHeader: 'mcp-method',
    mcpNameHeader: 'mcp-name',
  };
  const given = Object.entries(names).map(([name, header]) => [name, headers[header]] as const);
  return Object.fromEntries(given.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
