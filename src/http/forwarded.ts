/** Where a request really comes from and what it really asked for, when listed proxies stand in between. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

export interface Forwarded {
  /** The nearest address that is no listed proxy; what a client writes into the header itself is never believed. */
  clientAddress(request: IncomingMessage): string;
  /** Whether a listed proxy has sent it. */
  isFromProxy(request: IncomingMessage): boolean;
  /** Scheme and host that the client used, without a path or a slash at the end. */
  baseUrl(request: IncomingMessage): string;
}

export interface ForwardedOptions {
  readonly publicUrl: URL | undefined;
  /** Addresses and networks in CIDR notation. */
  readonly trustedProxies: readonly string[];
  /** Whether a host is one of ours; another one in `X-Forwarded-Host` is not believed. */
  readonly isOurs: (host: string) => boolean;
}

export function createForwarded({ publicUrl, trustedProxies, isOurs }: ForwardedOptions): Forwarded {
  const proxies = toBlockList(trustedProxies);
  const isProxy = (address: string) => isIP(address) !== 0 && proxies.check(address, familyOf(address));
  const isFromProxy = (request: IncomingMessage) => isProxy(plainAddress(request.socket.remoteAddress ?? ''));
  return {
    isFromProxy,
    clientAddress(request) {
      const hops = header(request, 'x-forwarded-for').split(',').map(plainAddress);
      let nearest = plainAddress(request.socket.remoteAddress ?? '');
      while (isProxy(nearest)) {
        const before = hops.pop();
        if (before === undefined || isIP(before) === 0) break;
        nearest = before;
      }
      return nearest;
    },
    baseUrl(request) {
      if (publicUrl) return publicUrl.origin;
      const host = request.headers.host ?? '';
      if (!isFromProxy(request)) return `http://${host}`;
      const forwardedHost = lastOf(header(request, 'x-forwarded-host'));
      const scheme = lastOf(header(request, 'x-forwarded-proto')) === 'https' ? 'https' : 'http';
      return `${scheme}://${forwardedHost !== '' && isOurs(forwardedHost) ? forwardedHost : host}`;
    },
  };
}

function toBlockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const header = ({ headers }: IncomingMessage, name: string) => String(headers[name] ?? '');
const lastOf = (list: string) => list.split(',').at(-1)?.trim() ?? '';
/** IPv4 in IPv6 clothing, as dual-stack sockets report it, is IPv4. */
const plainAddress = (address: string) => address.trim().replace(/^::ffff:(?=\d+\.)/i, '');
