/** The connections to remote servers: what is refused where it is made, proxies, authorities. Real sockets on loopback. */
import { EventEmitter, once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Lookup } from '../../../src/runtimes/remote/address-guard.ts';
import { createRemoteAccess } from '../../../src/runtimes/remote/remote-access.ts';
import { type NetworkOptions, openRemoteNetwork } from '../../../src/runtimes/remote/remote-network.ts';
import { systemClock } from '../../../src/stdx/clock.ts';
import { failure } from '../../helpers/failure.ts';
import { listen } from '../../helpers/listen.ts';
import { OAuthServer } from '../../helpers/oauth-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const here: Lookup = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);

async function network(url: URL, options: Partial<NetworkOptions> = {}) {
  const open = await openRemoteNetwork({
    server: 'far',
    url,
    privateHosts: 'none',
    proxy: undefined,
    caFile: undefined,
    connectTimeoutMs: 5_000,
    env: {},
    lookup: here,
    ...options,
  });
  onTestFinished(() => open.close());
  return open;
}

/** A server that only counts, under a name that resolves to this machine. */
async function counted(name: string, answer: RequestListener = (_, response) => void response.end('in')) {
  const paths: (string | undefined)[] = [];
  const url = await listen((request, response) => {
    paths.push(request.url);
    answer(request, response);
  });
  return { url: new URL(`http://${name}:${url.port}/mcp`), paths };
}

describe('#55 a server that an agent brought', () => {
  it.each(['rebind.test', 'localhost', '127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
    'at %s is not even connected to',
    async (name) => {
      const { url, paths } = await counted(name);
      const { fetch } = await network(url);
      expect((await failure(fetch(url))).code).toBe('NOT_ALLOWED');
      expect(paths).toEqual([]);
    },
  );

  it('is what the guard refuses, not the network: the same is reached where private addresses are allowed', async () => {
    const { url } = await counted('rebind.test');
    const { fetch } = await network(url, { privateHosts: 'all' });
    expect(await (await fetch(url)).text()).toBe('in');
  });

  it('is refused behind a proxy too, where its address is a private one', async () => {
    const { url } = await counted('127.0.0.1');
    const proxied = await network(url, { env: { HTTP_PROXY: 'http://127.0.0.1:9' } });
    expect((await failure(proxied.fetch('http://10.0.0.1/'))).code).toBe('NOT_ALLOWED');
  });
});

describe('#55 a server of the file', () => {
  it.each(['http://other.test', 'http://[::ffff:127.0.0.1]', 'http://169.254.169.254', 'http://127.0.0.1'])(
    'is reached, but not the %s that it redirects to',
    async (target) => {
      const other = await counted('other.test');
      const there = new URL(target);
      there.port = other.url.port;
      const own = await counted(
        'own.test',
        (_, response) => void response.writeHead(307, { location: there.href }).end(),
      );
      const { fetch } = await network(own.url, { privateHosts: 'own' });
      expect((await failure(fetch(own.url))).code).toBe('NOT_ALLOWED');
      expect(own.paths).toEqual(['/mcp']);
      expect(other.paths).toEqual([]);
    },
  );

  it('is reached at its own port, and not at others of the machine that its name points to', async () => {
    const other = await counted('own.test');
    const own = await counted('own.test');
    const { fetch } = await network(own.url, { privateHosts: 'own' });
    expect(await (await fetch(own.url)).text()).toBe('in');
    expect((await failure(fetch(other.url))).code).toBe('NOT_ALLOWED');
    expect(other.paths).toEqual([]);
  });

  it('leads nobody to an authorization server in private, unless that is allowed', async () => {
    const oauth = await OAuthServer.start();
    oauth.url = new URL(`http://own.test:${oauth.url.port}/mcp`);
    oauth.issuer = `http://as.test:${oauth.url.port}`;
    const access = createRemoteAccess({
      dataDir: tempDir('data'),
      env: {},
      tokenSecret: undefined,
      clock: systemClock,
      lookup: here,
    });
    onTestFinished(() => access.close());
    const keys = { transport: 'auto', headers: {}, oauth: undefined, proxy: undefined, caFile: undefined } as const;
    const server = { ...keys, name: 'far', url: oauth.url, privateHosts: 'own', connectTimeoutMs: 5_000 } as const;
    const login = access.login(server, { onAddress: () => {}, signal: AbortSignal.timeout(10_000) });
    expect((await failure(login)).message).toContain('as.test (127.0.0.1), which is not a public address');
    expect(oauth.seen).toEqual(['mcp 401']);
  });
});

describe('a proxy', () => {
  /** One that tunnels, as company proxies do, and notes where to. */
  async function tunnelling() {
    const asked: (string | undefined)[] = [];
    const { createServer } = await import('node:http');
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url);
      const port = Number(request.url?.split(':').at(-1));
      const through = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    return { address: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
  }

  it('is used as the environment says, and not for what NO_PROXY names', async () => {
    const { address, asked } = await tunnelling();
    const { url } = await counted('far.test');
    const env = { HTTP_PROXY: address, NO_PROXY: 'near.test' };
    const { fetch } = await network(url, { env, privateHosts: 'all' });
    expect(await (await fetch(url)).text()).toBe('in');
    expect(asked).toEqual([url.host]);
    expect(await (await fetch(`http://near.test:${url.port}/`)).text()).toBe('in');
    expect(asked).toEqual([url.host]);
  });

  it('is the configured one, or none at all', async () => {
    const { address, asked } = await tunnelling();
    const { url } = await counted('far.test');
    const own = await network(url, { env: { HTTP_PROXY: 'http://127.0.0.1:9' }, proxy: address, privateHosts: 'all' });
    expect(await (await own.fetch(url)).text()).toBe('in');
    expect(asked).toEqual([url.host]);
    const none = await network(url, { env: { HTTP_PROXY: address }, proxy: 'none', privateHosts: 'all' });
    expect(await (await none.fetch(url)).text()).toBe('in');
    expect(asked).toEqual([url.host]);
  });
});

describe('a private authority', () => {
  const file = (name: string) => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));

  it('is trusted when its file is named, and only then', async () => {
    const tls = { key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')) };
    const server = createTlsServer(tls, (_, response) => void response.end('in'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = new URL(`https://far.test:${(server.address() as AddressInfo).port}/mcp`);
    const stranger = await network(url, { privateHosts: 'all' });
    await expect(stranger.fetch(url)).rejects.toThrow();
    const trusting = await network(url, { privateHosts: 'all', caFile: file('ca.pem') });
    expect(await (await trusting.fetch(url)).text()).toBe('in');
  });

  it('is found once its file is there, without a restart', async () => {
    const dataDir = tempDir('data');
    const options = { dataDir, env: {}, tokenSecret: undefined, clock: systemClock, lookup: here };
    const access = createRemoteAccess(options);
    onTestFinished(() => access.close());
    const caFile = join(dataDir, 'ca.pem');
    const keys = {
      transport: 'auto',
      headers: {},
      oauth: undefined,
      proxy: undefined,
      connectTimeoutMs: 5_000,
    } as const;
    const server = { ...keys, name: 'far', url: new URL('https://far.test/'), privateHosts: 'all', caFile } as const;
    expect((await failure(access.wayTo(server))).code).toBe('CONFIG_INVALID');
    copyFileSync(file('ca.pem'), caFile);
    expect(typeof (await access.wayTo(server)).fetch).toBe('function');
  });

  it('whose file is missing is named', async () => {
    const error = await failure(network(new URL('https://far.test/'), { caFile: '/nowhere/ca.pem' }));
    expect(error.message).toContain('/nowhere/ca.pem');
  });
});

describe('another entry for the same server', () => {
  it('#33 lets those finish who are under way by the old one', async () => {
    const arrived = new EventEmitter();
    const asked = once(arrived, 'request');
    const waiting: ServerResponse[] = [];
    const { url } = await counted('far.test', (request, response) => {
      if (request.headers['x-team'] === 'new') return void response.end('new');
      waiting.push(response);
      arrived.emit('request');
    });
    const options = { dataDir: tempDir('data'), env: {}, tokenSecret: undefined, clock: systemClock, lookup: here };
    const access = createRemoteAccess(options);
    onTestFinished(() => access.close());
    const keys = { transport: 'auto', headers: {}, oauth: undefined, proxy: undefined, caFile: undefined } as const;
    const before = { ...keys, name: 'far', url, privateHosts: 'all', connectTimeoutMs: 5_000 } as const;
    const old = (await access.wayTo(before)).fetch(url).then((response) => response.text());
    await asked;
    const fresh = await access.wayTo({ ...before, connectTimeoutMs: 6_000 });
    expect(await (await fresh.fetch(url, { headers: { 'x-team': 'new' } })).text()).toBe('new');
    waiting[0]?.end('old');
    expect(await old).toBe('old');
  });
});

describe('an answer that falls silent', () => {
  const silent: RequestListener = (_, response) => void response.writeHead(200).write('begun');

  it('is given up after read_timeout, and the next request is made', async () => {
    const { url, paths } = await counted('far.test', silent);
    const { fetch } = await network(url, { privateHosts: 'all', readTimeoutMs: 100 });
    const body = await fetch(url);
    expect(await failureOf(body.text())).toContain('Body Timeout');
    expect((await fetch(url)).status).toBe(200);
    expect(paths).toHaveLength(2);
  });
});

/** What failed within it. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? `${error.message} ${error.cause}` : '';
}
