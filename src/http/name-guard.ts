/** Keeps web pages out: only requests that name this gateway in Host, and a page that may use it in Origin. */
import { isIP } from 'node:net';
import { isLoopback, LOOPBACK_NAMES } from '../stdx/loopback.ts';

export interface GuardedHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

export interface KnownNames {
  /** The address that the gateway listens on. */
  readonly host: string;
  readonly publicUrl: URL | undefined;
  /** Lower case, without ports. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** Why the request is refused, or undefined. */
export type NameGuard = (headers: GuardedHeaders) => string | undefined;

/**
 * A page that binds its own name to our address (DNS rebinding) sends that name in Host, never an address: where the
 * network may come in, addresses are let through and names must be known. Pages of this machine may use what is
 * reached as this machine, and nothing that has a public name.
 */
export function createNameGuard({ host, publicUrl, allowedHosts, allowedOrigins }: KnownNames): NameGuard {
  const names = new Set([host.toLowerCase(), ...allowedHosts, ...(publicUrl ? [publicUrl.hostname] : [])]);
  const origins = new Set([...allowedOrigins, ...(publicUrl ? [publicUrl.origin] : [])]);
  const isOpen = !isLoopback(host);
  const isHostKnown = (name: string) =>
    LOOPBACK_NAMES.has(name) || names.has(name) || (isOpen && isIP(name.replace(/^\[|\]$/g, '')) !== 0);
  const isOriginKnown = (origin: string, requested: Requested) => {
    const url = webOrigin(origin);
    if (url === undefined) return origins.has(origin.toLowerCase());
    if (origins.has(url.origin) || url.host === requested.host) return true;
    return LOOPBACK_NAMES.has(url.hostname) && LOOPBACK_NAMES.has(requested.name);
  };
  return ({ host: header, origin }) => {
    const name = hostName(header);
    if (name === undefined || !isHostKnown(name))
      return `the Host "${shown(header)}" is no name of this gateway; its admin can add it to listen.allowed_hosts`;
    if (origin === undefined || isOriginKnown(origin, { name, host: header?.toLowerCase() })) return undefined;
    return `the Origin "${shown(origin)}" may not use this gateway; its admin can add it to listen.allowed_origins`;
  };
}

interface Requested {
  readonly name: string;
  /** With the port. */
  readonly host: string | undefined;
}

/** The name in a Host header, without its port; undefined when it is no such header. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s,]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase();
}

function webOrigin(origin: string): URL | undefined {
  return /^https?:\/\/[^/?#\s]+$/i.test(origin) && URL.canParse(origin) ? new URL(origin) : undefined;
}

const shown = (header: string | undefined) => (header ?? '').slice(0, 100);
