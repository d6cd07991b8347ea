/** Keeps web pages out: only requests that name this machine's own addresses in Host, and in Origin if there is one. */

export interface GuardedHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** Why the request is refused, or undefined. `host` is the address that the gateway listens on. */
export function refusal(headers: GuardedHeaders, host: string): string | undefined {
  const allowed = (name: string | undefined) => name !== undefined && (LOOPBACK_NAMES.has(name) || name === host);
  if (!allowed(hostName(headers.host)))
    return `the Host header "${headers.host ?? ''}" is not an address of this gateway`;
  if (headers.origin === undefined) return undefined;
  return allowed(originName(headers.origin)) ? undefined : `the Origin "${headers.origin}" may not use this gateway`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase();
}

function originName(origin: string): string | undefined {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return undefined;
  return new URL(origin).hostname;
}
