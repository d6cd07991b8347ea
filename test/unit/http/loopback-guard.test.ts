import { describe, expect, it } from 'vitest';
import { isLoopback, refusal } from '../../../src/http/loopback-guard.ts';

describe('loopback guard (#49)', () => {
  it.each([
    [{ host: 'localhost:8080' }],
    [{ host: '127.0.0.1' }],
    [{ host: '[::1]:8080' }],
    [{ host: 'LOCALHOST:1', origin: 'http://localhost:3000' }],
    [{ host: '127.0.0.1:8080', origin: 'http://127.0.0.1' }],
  ])('lets %o in', (headers) => expect(refusal(headers, '127.0.0.1')).toBeUndefined());

  it.each([
    [{}],
    [{ host: 'evil.example' }],
    [{ host: 'localhost.evil.example' }],
    [{ host: '127.0.0.1@evil.example' }],
    [{ host: 'localhost:8080', origin: 'https://evil.example' }],
    [{ host: 'localhost:8080', origin: 'null' }],
    [{ host: 'localhost:8080', origin: 'http://localhost.evil.example' }],
    [{ host: 'localhost:8080', origin: 'file://localhost' }],
    [{ host: 'localhost:8080, evil.example' }],
  ])('refuses %o', (headers) => expect(refusal(headers, '127.0.0.1')).toBeDefined());

  it('knows which addresses only this machine can reach', () => {
    expect(['127.0.0.1', '127.8.8.8', 'localhost', '::1'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.168.1.4', 'example.com', '127.0.0.1.example.com'].some(isLoopback)).toBe(false);
  });
});
