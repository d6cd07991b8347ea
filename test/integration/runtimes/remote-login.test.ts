/** OAuth at remote servers: logins, renewals and refusals against a real authorization server on loopback. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../src/bridge/open-session.ts';
import { LoginStore } from '../../../src/runtimes/remote/login-store.ts';
import {
  createRemoteAccess,
  type RemoteAccess,
  type RemoteServer,
} from '../../../src/runtimes/remote/remote-access.ts';
import { createRemoteRuntime } from '../../../src/runtimes/remote/remote-runtime.ts';
import { StoredTokens } from '../../../src/runtimes/remote/stored-tokens.ts';
import { systemClock } from '../../../src/stdx/clock.ts';
import { failure } from '../../helpers/failure.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { freePort } from '../../helpers/free-port.ts';
import { OAuthServer } from '../../helpers/oauth-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const hello = { name: 'greet', arguments: { name: 'Ada' } };
const greeting = [{ type: 'text', text: 'Hello, Ada' }];

function entry(oauth: OAuthServer, keys: Partial<RemoteServer> = {}): RemoteServer {
  return {
    name: 'far',
    url: oauth.url,
    transport: 'auto',
    headers: {},
    oauth: undefined,
    privateHosts: 'all',
    proxy: undefined,
    caFile: undefined,
    connectTimeoutMs: 5_000,
    ...keys,
  };
}

/** One gateway's way to remote servers; several over one folder are several processes as far as it can tell. */
function access(
  dataDir: string,
  { tokenSecret, clock = systemClock }: { tokenSecret?: string; clock?: typeof systemClock } = {},
) {
  const made = createRemoteAccess({ dataDir, env: {}, tokenSecret, clock });
  onTestFinished(() => made.close());
  return made;
}

async function open(server: RemoteServer, by: RemoteAccess) {
  const endpoint = await createRemoteRuntime(server, by).launch();
  const clientInfo = { name: 'tooldex-test', version: '1' };
  const session = await openSession(endpoint, { server: 'far', clientInfo, startTimeoutMs: 20_000 });
  onTestFinished(() => session.close('the test is over'));
  return session;
}

/** A user whose browser follows where it is sent. */
function logIn(server: RemoteServer, by: RemoteAccess, further: readonly string[] = []): Promise<void> {
  return by.login(server, {
    further,
    signal: AbortSignal.timeout(20_000),
    onAddress: (url) => void fetch(url).then((page) => page.text()),
  });
}

describe('a remote server that wants a login', () => {
  it('says which command logs in, and is not asked again by those who come after', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    const error = await failure(open(entry(oauth), by));
    expect(error.code).toBe('LOGIN_REQUIRED');
    expect(error.hint).toContain('tooldex login far');
    const asked = oauth.seen.length;
    for (let times = 0; times < 10; times++) {
      expect((await failure(open(entry(oauth), by))).code).toBe('LOGIN_REQUIRED');
    }
    expect(oauth.seen.length).toBe(asked);
  });

  it.each(['file:///etc/hostname', 'calculator:run'])('opens no %s that it calls its login page', async (page) => {
    const oauth = await OAuthServer.start();
    oauth.loginPage = page;
    const shown: URL[] = [];
    const by = access(tempDir('data'));
    const how = { signal: AbortSignal.timeout(20_000), onAddress: (url: URL) => void shown.push(url) };
    expect(await failure(by.login(entry(oauth), how))).toMatchObject({ code: 'NOT_ALLOWED' });
    expect(shown).toEqual([]);
  });

  it.each(['streamable-http', 'sse'] as const)('says so over %s', async (transport) => {
    const oauth = await OAuthServer.start();
    const error = await failure(open(entry(oauth, { transport }), access(tempDir('data'))));
    expect(error.code).toBe('LOGIN_REQUIRED');
  });

  it('is left with the credentials that its entry gives it', async () => {
    const oauth = await OAuthServer.start();
    const server = entry(oauth, { headers: { Authorization: 'Bearer old' } });
    const error = await failure(open(server, access(tempDir('data'))));
    expect(error.code).toBe('START_FAILED');
    expect(error.hint).toContain('headers');
  });

  it('is used after a login by discovery, registration and PKCE, for its own resource and the scopes it names', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    await logIn(entry(oauth), by);
    const session = await open(entry(oauth), by);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
    expect(oauth.seen.slice(0, 4)).toEqual(['mcp 401', 'register', 'authorize', 'token authorization_code']);
    expect(oauth.resources).toEqual([oauth.url.href]);
    expect(oauth.scopes).toEqual(['tools:read']);
  });

  it('is used by a gateway that was refused before, once another process has logged in', async () => {
    const oauth = await OAuthServer.start();
    const dataDir = tempDir('data');
    const gateway = access(dataDir);
    expect((await failure(open(entry(oauth), gateway))).code).toBe('LOGIN_REQUIRED');
    await logIn(entry(oauth), access(dataDir));
    expect((await (await open(entry(oauth), gateway)).request('tools/call', hello)).content).toEqual(greeting);
  });

  it('that wants further rights says how to get them, keeps the old ones, and does not ask for ever', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    await logIn(entry(oauth), by);
    oauth.needed = 'tools:write';
    const error = await failure(open(entry(oauth), by));
    expect(error).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect(error.hint).toContain('tooldex login far --scope tools:write');
    await logIn(entry(oauth), by, ['tools:write']);
    expect(oauth.scopes).toEqual(['tools:read', 'tools:read tools:write']);
    const session = await open(entry(oauth), by);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
    oauth.needed = '$(touch /tmp/x)';
    expect((await failure(session.request('tools/call', hello))).hint).not.toContain('touch');
  });

  it('that refuses what it has granted asks for no further login', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    await logIn(entry(oauth), by);
    oauth.needed = 'tools:read';
    oauth.forgetScopes();
    const error = await failure(open(entry(oauth), by));
    expect(error).toMatchObject({ code: 'LOGIN_REQUIRED' });
    expect(error.hint).not.toContain('tooldex login');
  });

  it('knows the client by its document where it reads such, and registers it where it does not', async () => {
    const oauth = await OAuthServer.start();
    const document = 'https://example.com/tooldex.json';
    const server = entry(oauth, { oauth: settings({ clientId: document }) });
    await logIn(server, access(tempDir('data')));
    expect(oauth.count('register')).toBe(1);
    oauth.readsDocuments = true;
    await logIn(server, access(tempDir('data')));
    expect(oauth.count('register')).toBe(1);
    expect(oauth.clients.at(-1)).toBe(document);
  });

  it('that is not there says so, and no more', async () => {
    const oauth = await OAuthServer.start();
    const gone = entry(oauth, { url: new URL(`http://127.0.0.1:${await freePort()}/mcp`) });
    const error = await failure(logIn(gone, access(tempDir('data'))));
    expect(error.message).toMatch(/ECONNREFUSED/);
    expect(error.hint).toContain('url');
  });

  it('registers nobody where a client id is configured', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    const server = entry(oauth, { oauth: settings({ clientId: 'given', scopes: ['a', 'b'] }) });
    await logIn(server, by);
    expect(oauth.count('register')).toBe(0);
    expect(oauth.scopes).toEqual(['a b']);
  });

  it('is refused again after logout, which revokes the login there too', async () => {
    const oauth = await OAuthServer.start();
    const dataDir = tempDir('data');
    const by = access(dataDir);
    await logIn(entry(oauth), by);
    expect(await by.logout(entry(oauth))).toBe(true);
    expect(oauth.count('revoke')).toBe(1);
    expect((await failure(open(entry(oauth), by))).code).toBe('LOGIN_REQUIRED');
    expect(await by.logout(entry(oauth))).toBe(false);
  });

  it('keeps no token in the clear, in files for the owner alone, of use for this address and this key only', async () => {
    const oauth = await OAuthServer.start();
    const dataDir = tempDir('data');
    await logIn(entry(oauth), access(dataDir));
    const folder = join(dataDir, 'logins');
    for (const file of readdirSync(folder)) {
      expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
      const text = readFileSync(join(folder, file), 'latin1');
      for (const part of [text, Buffer.from(text, 'base64').toString('latin1')])
        expect(part).not.toMatch(/token|Bearer/);
    }
    const elsewhere = entry(oauth, { url: new URL('?other', oauth.url) });
    expect((await failure(open(elsewhere, access(dataDir)))).code).toBe('LOGIN_REQUIRED');
    const otherKey = access(dataDir, { tokenSecret: 'another key than the one in the file' });
    expect((await failure(open(entry(oauth), otherKey))).code).toBe('LOGIN_REQUIRED');
    expect((await open(entry(oauth), access(dataDir))).facts.era).toBe('modern');
  });
});

describe('a token that is over', () => {
  it('#57 is renewed once for 50 parallel calls, and for every process of the data folder', async () => {
    const oauth = await OAuthServer.start();
    const dataDir = tempDir('data');
    await logIn(entry(oauth), access(dataDir));
    const sessions = [await open(entry(oauth), access(dataDir)), await open(entry(oauth), access(dataDir))];
    oauth.expire();
    const calls = sessions.flatMap((session) => Array.from({ length: 25 }, () => session.request('tools/call', hello)));
    for (const result of await Promise.all(calls)) expect(result.content).toEqual(greeting);
    expect(oauth.count('token refresh_token')).toBe(1);
  });

  it('#57 is renewed before it is used when its time is known, and each refresh token serves once', async () => {
    const oauth = await OAuthServer.start();
    // Too short for the margin with which tokens are used, and long enough for the server to take each.
    oauth.accessSeconds = 15;
    const by = access(tempDir('data'));
    await logIn(entry(oauth), by);
    const session = await open(entry(oauth), by);
    await session.request('tools/call', hello);
    expect(oauth.count('mcp 401')).toBe(1);
    expect(oauth.count('token refresh_token')).toBeGreaterThan(1);
    expect(oauth.count('reuse')).toBe(0);
  });

  it('#57 that cannot be renewed is one clear error for all, and no storm', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    await logIn(entry(oauth), by);
    const session = await open(entry(oauth), by);
    oauth.expire();
    oauth.refreshing = 'refuses';
    const errors = await Promise.all(Array.from({ length: 50 }, () => failure(session.request('tools/call', hello))));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['LOGIN_REQUIRED']));
    expect(errors[0]?.hint).toContain('tooldex login far');
    const asked = oauth.seen.length;
    expect(oauth.count('token refresh_token')).toBe(1);
    expect((await failure(session.request('tools/call', hello))).code).toBe('LOGIN_REQUIRED');
    expect(oauth.seen.length).toBe(asked);
  });

  it('#57 is kept while the authorization server is down, and renewed when it is up again', async () => {
    const oauth = await OAuthServer.start();
    const clock = fakeClock();
    const by = access(tempDir('data'), { clock });
    await logIn(entry(oauth), by);
    const session = await open(entry(oauth), by);
    oauth.expire();
    oauth.refreshing = 'is-down';
    expect((await failure(session.request('tools/call', hello))).message).toContain('could not be renewed');
    await failure(session.request('tools/call', hello));
    expect(oauth.count('token refresh_token')).toBe(1);
    oauth.refreshing = 'works';
    await clock.advance(5_000);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
  });

  it('#57 is used when it cannot be kept, since the one that it came from serves no more, and the log says so', async () => {
    const oauth = await OAuthServer.start();
    const dataDir = tempDir('data');
    await logIn(entry(oauth), access(dataDir));
    class FullDisk extends LoginStore {
      override save(): Promise<void> {
        return Promise.reject(new Error('ENOSPC: no space left on device'));
      }
    }
    const store = new FullDisk({ dataDir, secret: undefined });
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const tokens = new StoredTokens({ server: 'far', url: oauth.url, store, fetch, clock: systemClock, warn });
    const first = await tokens.token();
    const second = await tokens.renew(first);
    expect([await tokens.token(), tokens.tokenNow()]).toEqual([second, second]);
    expect(warnings).toEqual([expect.stringMatching(/"far".*ENOSPC.*tooldex login far/)]);
    const third = await tokens.renew(second);
    expect(new Set([first, second, third]).size).toBe(3);
    expect([oauth.count('token refresh_token'), oauth.count('reuse')]).toEqual([2, 0]);
  });

  it('#57 #67 is not renewed while nothing can be written, so that it is not lost', async () => {
    const oauth = await OAuthServer.start();
    const dataDir = tempDir('data');
    const by = access(dataDir);
    await logIn(entry(oauth), by);
    const session = await open(entry(oauth), by);
    oauth.expire();
    const inItsPlace = join(dataDir, 'logins', 'far.lock');
    writeFileSync(inItsPlace, '');
    const refused = await failure(session.request('tools/call', hello));
    expect(refused).toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining('"far"') });
    expect(oauth.count('token refresh_token')).toBe(0);
    rmSync(inItsPlace);
    expect((await session.request('tools/call', hello)).content).toEqual(greeting);
  });

  it('#57 is not asked for again and again by a server that refuses even fresh ones', async () => {
    const oauth = await OAuthServer.start();
    const by = access(tempDir('data'));
    await logIn(entry(oauth), by);
    oauth.accepts = false;
    expect((await failure(open(entry(oauth), by))).message).toContain('even a fresh token');
    await failure(open(entry(oauth), by));
    expect(oauth.count('token refresh_token')).toBe(1);
  });
});

describe('a machine', () => {
  const robot = { grant: 'client_credentials', clientId: 'robot', clientSecret: 'robot-secret' } as const;

  it('logs in by itself with client credentials, once for many calls', async () => {
    const oauth = await OAuthServer.start();
    const server = entry(oauth, { oauth: settings({ ...robot, scopes: ['x'], issuer: oauth.url.origin }) });
    const session = await open(server, access(tempDir('data')));
    await Promise.all(Array.from({ length: 20 }, () => session.request('tools/call', hello)));
    expect(oauth.count('token client_credentials')).toBe(1);
    oauth.expire();
    await Promise.all(Array.from({ length: 50 }, () => session.request('tools/call', hello)));
    expect(oauth.count('token client_credentials')).toBe(2);
    expect(oauth.scopes).toEqual(['x', 'x']);
  });

  it('is told which key to check when its secret is wrong', async () => {
    const oauth = await OAuthServer.start();
    const server = entry(oauth, { oauth: settings({ ...robot, clientSecret: 'wrong' }) });
    const error = await failure(open(server, access(tempDir('data'))));
    expect(error.code).toBe('LOGIN_REQUIRED');
    expect(error.hint).toContain('client_secret');
  });

  it('gives its secret to no other authorization server than the configured one', async () => {
    const oauth = await OAuthServer.start();
    const server = entry(oauth, { oauth: settings({ ...robot, issuer: 'https://login.example.com' }) });
    expect((await failure(open(server, access(tempDir('data'))))).code).toBe('LOGIN_REQUIRED');
    expect(oauth.count('token client_credentials')).toBe(0);
  });
});

function settings(keys: Partial<NonNullable<RemoteServer['oauth']>>): NonNullable<RemoteServer['oauth']> {
  return {
    grant: 'authorization_code',
    clientId: undefined,
    clientSecret: undefined,
    scopes: undefined,
    issuer: undefined,
    redirectPort: undefined,
    ...keys,
  };
}
