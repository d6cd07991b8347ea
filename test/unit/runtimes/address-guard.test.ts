import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createAddressGuard, type Lookup } from '../../../src/runtimes/remote/address-guard.ts';
import { createAddressKinds } from '../../../src/runtimes/remote/private-addresses.ts';

const kindOf = createAddressKinds();

describe('#55 addresses that are not public', () => {
  test.each([
    ...['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '0.0.0.0'],
    ...['224.0.0.1', '255.255.255.255', '198.18.0.1', '::1', '::', 'fc00::1', 'fdab::1', 'ff02::1', '2002:7f00:1::'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:a00:1', '64:ff9b::10.0.0.1', '::127.0.0.1', '64:ff9b::'],
    ...['::ffff:0:7f00:1', '3fff::1', 'no address'],
  ])('%s is local', (address) => expect(kindOf(address)).toBe('local'));

  test.each([
    ...['169.254.169.254', '169.254.0.1', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', 'fe80::1', 'fe80::1%eth0'],
    ...['64:ff9b::169.254.169.254', 'fd00:ec2::254', '100.100.100.200'],
  ])('%s is of the wire', (address) => expect(kindOf(address)).toBe('link'));

  test.each([
    ...['93.184.216.34', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111'],
    ...['::ffff:93.184.216.34', '64:ff9b::1.1.1.1'],
  ])('%s is public', (address) => expect(kindOf(address)).toBe('public'));

  it('are of the same kind in IPv6 clothes', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), (bytes) => {
        const plain = bytes.join('.');
        const hex = bytes.map((each) => each.toString(16).padStart(2, '0')).join('');
        const mapped = `::ffff:${hex.slice(0, 4)}:${hex.slice(4)}`;
        expect(kindOf(mapped)).toBe(kindOf(plain));
        expect(kindOf(`::ffff:${plain}`)).toBe(kindOf(plain));
      }),
    );
  });
});

describe('#55 a look-up', () => {
  const at = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });
  const answers =
    (...each: string[][]): Lookup =>
    (_host, _options, done) =>
      done(null, (each.shift() ?? []).map(at));
  const ask = (lookup: Lookup, privateHosts: 'none' | 'own' | 'all', host = 'other.test') => {
    const guard = createAddressGuard({ server: 'far', url: new URL('https://own.test/mcp'), privateHosts, lookup });
    return () =>
      new Promise((resolve) =>
        guard.lookup(host, { all: true }, (error, found) => resolve(error ? error.message : found)),
      );
  };

  it('hands out what it has checked; a name that turns private afterwards is refused', async () => {
    const resolve = ask(answers(['93.184.216.34'], ['127.0.0.1']), 'none');
    expect(await resolve()).toEqual([at('93.184.216.34')]);
    expect(await resolve()).toContain('leads to other.test (127.0.0.1), which is not a public address');
  });

  it('is refused for one private address among public ones', async () => {
    expect(await ask(answers(['93.184.216.34', '::ffff:10.0.0.1']), 'none')()).toContain('not a public address');
  });

  it.each([
    ['none', 'own.test', '10.0.0.1', false],
    ['own', 'own.test', '10.0.0.1', true],
    ['own', 'OWN.test.', '10.0.0.1', true],
    ['own', 'other.test', '10.0.0.1', false],
    ['all', 'other.test', '10.0.0.1', true],
    ['all', 'other.test', '169.254.169.254', false],
  ] as const)('under "%s" of %s to %s: allowed %s', async (...[privateHosts, host, address, isAllowed]) => {
    const found = await ask(answers([address]), privateHosts, host)();
    expect(Array.isArray(found)).toBe(isAllowed);
  });
});
