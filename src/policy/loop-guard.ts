/** Notices when a gateway is, by way of a URL, its own server, or one of a ring of gateways that each ask the next for ever. */
import { createHash } from 'node:crypto';

export interface LoopGuard {
  /** Value of the header `X-Tooldex-Via` of whatever is sent to this server: who asks, and for whom as far as it is known. */
  via(server: string): string;
  /**
   * A request came for this server, or for no single one. False when it has come from that server of this very gateway, or for
   * no single one from any of its servers.
   */
  admits(server: string | undefined, via: string): boolean;
  /** The same for a door that leads to several servers: false when the request has come from any server of this very gateway. */
  admitsToAny(servers: readonly string[], via: string): boolean;
}

export const VIA_HEADER = 'x-tooldex-via';

/** Longer rings, and more gateways before one of ours, are noticed by whoever is in them with fewer. */
const CALLERS_MAX = 32;

/**
 * A server has one address, so from each there is one way, and a ring of them is one whatever is asked. `gateway` is unique to
 * this process; other parties see hashes of it, from which they learn nothing.
 */
export function createLoopGuard(gateway: string): LoopGuard {
  const own = hash(gateway);
  const nameOf = (server: string) => `${own}.${hash(`${gateway}\n${server}`)}`;
  /** Of servers that we ask, with every request. */
  const ours = new Map<string, string>();
  const ourName = (server: string) => {
    const name = ours.get(server) ?? nameOf(server);
    ours.set(server, name);
    return name;
  };
  const callers = new Map<string, ReadonlySet<string>>();
  const admits: LoopGuard['admits'] = (server, via) => {
    const names = via.split(',', CALLERS_MAX + 1).map((name) => name.trim());
    if (server === undefined) return !names.some((name) => name.startsWith(`${own}.`));
    if (names.includes(nameOf(server))) return false;
    const known = [...names.filter((name) => NAME.test(name)), ...(callers.get(server) ?? [])];
    callers.set(server, new Set(known.slice(0, CALLERS_MAX)));
    return true;
  };
  return {
    via: (server) => [ourName(server), ...(callers.get(server) ?? [])].join(','),
    admits,
    admitsToAny: (servers, via) => admits(undefined, via) && servers.every((server) => admits(server, via)),
  };
}

const NAME = /^[0-9a-f]{16}\.[0-9a-f]{16}$/;
const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
