/** Which addresses are not of the public Internet: what stands there trusts whoever is near, and must not be reached by proxy. */
import { BlockList, isIP } from 'node:net';

/** `local`: this machine and its networks. `link`: the neighbours on the wire, where clouds keep credentials of the machine. */
export type AddressKind = 'public' | 'local' | 'link';

/** After the registries of special addresses, RFC 6890 and its updates; what tunnels into IPv4 counts as local. */
const LOCAL: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['::1', 128],
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
];

/** `fd00:ec2::254` and `fd20:ce::254` are where two clouds answer for credentials over IPv6. */
const LINK: readonly (readonly [string, number])[] = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
];

/** Tells the kind of an IP address in any notation, IPv4 within IPv6 too. What is no address is local, to be safe. */
export function createAddressKinds(): (address: string) => AddressKind {
  const local = listOf(LOCAL);
  const link = listOf(LINK);
  return (address) => {
    const plain = embeddedIpv4(address.replace(/%.*$/, '')) ?? address.replace(/%.*$/, '');
    const family = isIP(plain);
    if (family === 0) return 'local';
    const name = family === 4 ? 'ipv4' : 'ipv6';
    if (link.check(plain, name)) return 'link';
    return local.check(plain, name) ? 'local' : 'public';
  };
}

function listOf(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}

/** The IPv4 address in a mapped one (RFC 4291) or behind a translator (RFC 6052). */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  // The parser of URLs writes every IPv6 address in one way.
  const normal = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const found = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(normal);
  if (!found) return /^64:ff9b::$/.test(normal) ? '0.0.0.0' : undefined;
  const [high, low] = [found[1], found[2]].map((part) => Number.parseInt(part ?? '0', 16));
  return [(high ?? 0) >> 8, (high ?? 0) & 255, (low ?? 0) >> 8, (low ?? 0) & 255].join('.');
}
