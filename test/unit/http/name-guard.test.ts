import { describe, expect, it } from 'vitest';
import { createNameGuard, type GuardedHeaders } from '../../../src/http/name-guard.ts';
import { isLoopback } from '../../../src/stdx/loopback.ts';

const NOTHING = { publicUrl: undefined, allowedHosts: [], allowedOrigins: [] };
const onLoopback = createNameGuard({ host: '127.0.0.1', ...NOTHING });

describe('the guard of a gateway on loopback (#49)', () => {
  it.each([
    [{ host: 'localhost:8080' }],
    [{ host: '127.0.0.1' }],
    [{ host: '[::1]:8080' }],
    [{ host: 'LOCALHOST:1', origin: 'http://localhost:3000' }],
    [{ host: '127.0.0.1:8080', origin: 'http://127.0.0.1' }],
  ])('lets %o in', (headers) => expect(onLoopback(headers)).toBeUndefined());

  it.each([
    [{}],
    [{ host: 'evil.example' }],
    [{ host: 'localhost.evil.example' }],
    [{ host: '127.0.0.1@evil.example' }],
    [{ host: '192.168.1.4:8080' }],
    [{ host: 'localhost:8080', origin: 'https://evil.example' }],
    [{ host: 'localhost:8080', origin: 'null' }],
    [{ host: 'localhost:8080', origin: '' }],
    [{ host: 'localhost:8080', origin: 'http://localhost.evil.example' }],
    [{ host: 'localhost:8080', origin: 'http://localhost:1, https://evil.example' }],
    [{ host: 'localhost:8080', origin: 'file://localhost' }],
    [{ host: 'localhost:8080, evil.example' }],
  ])('refuses %o', (headers) => expect(onLoopback(headers)).toBeDefined());

  it('knows which addresses only this machine can reach', () => {
    expect(['127.0.0.1', '127.8.8.8', 'localhost', '::1'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.168.1.4', 'example.com', '127.0.0.1.example.com'].some(isLoopback)).toBe(false);
  });
});

describe('the guard of a gateway with names (#49)', () => {
  const guard = createNameGuard({
    host: '0.0.0.0',
    publicUrl: new URL('https://tools.example.com'),
    allowedHosts: ['tooldex.lan'],
    allowedOrigins: ['https://chat.example.com', 'vscode-webview://panel'],
  });

  it.each<[GuardedHeaders]>([
    [{ host: 'tools.example.com' }],
    [{ host: 'TOOLS.example.com:443' }],
    [{ host: 'tooldex.lan:8080' }],
    [{ host: '192.168.1.4:8080' }],
    [{ host: '[fe80::1]:8080' }],
    [{ host: 'tools.example.com', origin: 'https://tools.example.com' }],
    [{ host: 'tools.example.com', origin: 'https://chat.example.com' }],
    [{ host: 'tools.example.com', origin: 'vscode-webview://panel' }],
    [{ host: 'tooldex.lan:8080', origin: 'http://tooldex.lan:8080' }],
  ])('lets %o in', (headers) => expect(guard(headers)).toBeUndefined());

  it.each<[GuardedHeaders]>([
    [{ host: 'evil.example' }],
    [{ host: 'tools.example.com.evil.example' }],
    [{ host: 'tools.example.com', origin: 'http://tools.example.com:3000' }],
    [{ host: 'tools.example.com', origin: 'http://localhost:3000' }],
    [{ host: 'tools.example.com', origin: 'https://evil.example' }],
    [{ host: 'tools.example.com', origin: 'null' }],
    [{ host: 'tooldex.lan:8080', origin: 'http://tooldex.lan:9090' }],
    [{ host: '192.168.1.4:8080', origin: 'http://192.168.1.5:8080' }],
  ])('refuses %o', (headers) => expect(guard(headers)).toBeDefined());
});
