import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createForwarded } from '../../../src/http/forwarded.ts';

const request = (remoteAddress: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, headers: { host: 'tools.example.com', ...headers } }) as unknown as IncomingMessage;
const isOurs = (host: string) => host === 'tools.example.com' || host === 'public.example.com';
const behind = createForwarded({ publicUrl: undefined, trustedProxies: ['127.0.0.1', '172.16.0.0/12', '::1'], isOurs });

describe('the address of a client (#58)', () => {
  it.each([
    ['203.0.113.9', {}, '203.0.113.9'],
    ['203.0.113.9', { 'x-forwarded-for': '1.1.1.1' }, '203.0.113.9'],
    ['203.0.113.9', { 'cf-connecting-ip': '1.1.1.1' }, '203.0.113.9'],
    ['127.0.0.1', {}, '127.0.0.1'],
    ['127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['::ffff:127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['127.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 172.20.0.3' }, '203.0.113.9'],
    ['127.0.0.1', { 'x-forwarded-for': '1.1.1.1, 2001:db8::7' }, '2001:db8::7'],
    ['127.0.0.1', { 'x-forwarded-for': '1.1.1.1, junk' }, '127.0.0.1'],
    ['127.0.0.1', { 'x-forwarded-for': '172.20.0.3' }, '172.20.0.3'],
  ])('of %s with %o is %s', (remote, headers, address) => {
    expect(behind.clientAddress(request(remote, headers))).toBe(address);
  });
});

describe('the URL that a client used (#58)', () => {
  const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'public.example.com' };
  it.each([
    ['a proxy is believed', '127.0.0.1', https, 'https://public.example.com'],
    ['nobody else is', '203.0.113.9', https, 'http://tools.example.com'],
    [
      'but not with a host of others',
      '127.0.0.1',
      { ...https, 'x-forwarded-host': 'evil.example' },
      'https://tools.example.com',
    ],
    [
      'nor with what a client wrote before it',
      '127.0.0.1',
      { 'x-forwarded-proto': 'https, http' },
      'http://tools.example.com',
    ],
  ])('%s', (...[, remote, headers, url]) => expect(behind.baseUrl(request(remote, headers))).toBe(url));

  it('is the configured one where there is one', () => {
    const publicUrl = new URL('https://tools.example.com/');
    const forwarded = createForwarded({ publicUrl, trustedProxies: [], isOurs });
    expect(forwarded.baseUrl(request('203.0.113.9', { host: 'x' }))).toBe('https://tools.example.com');
  });
});
