/** Refuses connections to private addresses where they are made, so that no name can change its meaning after a check. */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { GatewayError } from '../../errors.ts';
import { createAddressKinds } from './private-addresses.ts';

/**
 * What of private networks a server may lead us to. `none`: nothing. `own`: the host that its address names, for that was
 * written by the admin. `all`: everything but link-local addresses, which only an address that names them reaches.
 */
export type PrivateHosts = 'none' | 'own' | 'all';

export interface AddressGuardOptions {
  readonly server: string;
  readonly url: URL;
  readonly privateHosts: PrivateHosts;
  /** How names are resolved, all addresses at once; the system's way unless a test has another. */
  readonly lookup?: Lookup | undefined;
}

export type Lookup = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface AddressGuard {
  /** The error for a host that is an address itself, and so is never looked up. */
  refuseLiteral(host: string): GatewayError | undefined;
  /** For `net.connect`: hands out the addresses that were checked, and no others. */
  readonly lookup: LookupFunction;
}

export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const { server, url, privateHosts, lookup = systemLookup as Lookup } = options;
  const kindOf = createAddressKinds();
  const own = bare(url.hostname);
  const refuse = (host: string, address: string): GatewayError | undefined => {
    if (privateHosts !== 'none' && bare(host) === own) return undefined;
    const kind = kindOf(address);
    if (kind === 'public' || (kind === 'local' && privateHosts === 'all')) return undefined;
    return refusal(server, host, address);
  };
  return {
    refuseLiteral: (host) => (isIP(bare(host)) === 0 ? undefined : refuse(host, bare(host))),
    lookup: (host, asked, done) =>
      lookup(host, { ...asked, all: true }, (error, addresses) => {
        const [first] = addresses ?? [];
        const bad = error ?? addresses.map(({ address }) => refuse(host, address)).find(Boolean);
        if (bad || !first) done(bad ?? new Error(`${host} has no address`), '', 0);
        else if (asked.all) done(null, addresses);
        else done(null, first.address, first.family);
      }),
  };
}

const bare = (host: string) =>
  host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();

function refusal(server: string, host: string, address: string): GatewayError {
  const where = bare(host) === address ? address : `${host} (${address})`;
  return new GatewayError('NOT_ALLOWED', `Server "${server}" leads to ${where}, which is not a public address`, {
    hint: 'If that is meant, an admin writes `allow_private: true` at the server in the configuration file.',
    data: { host, address },
  });
}
