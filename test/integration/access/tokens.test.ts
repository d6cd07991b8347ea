import { once } from 'node:events';
import { request } from 'node:http';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createJwtVerifier } from '../../../src/policy/jwt-verifier.ts';
import { cloudflarePrincipal, subjectPrincipal } from '../../../src/policy/token-principals.ts';
import { startTokenIssuer, type TokenIssuer } from '../../helpers/token-issuer.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

const AUDIENCE = 'https://tools.example.com/mcp';
const MINUTE = 60;

async function verifier(given: Partial<Parameters<typeof createJwtVerifier>[0]> = {}) {
  const issuer = await startTokenIssuer();
  const clock = { now: Date.now() };
  const verify = createJwtVerifier({
    issuer: issuer.issuer,
    audiences: [AUDIENCE],
    jwksUrl: issuer.jwksUrl,
    principalOf: subjectPrincipal(issuer.issuer, 'groups'),
    skewSeconds: 60,
    now: () => clock.now,
    ...given,
  });
  const seconds = () => Math.floor(clock.now / 1000);
  const claims = (more = {}) => ({ sub: 'ada', aud: AUDIENCE, exp: seconds() + 5 * MINUTE, ...more });
  return { issuer, clock, verify, claims, seconds };
}

const reasonOf = async (verdict: unknown) => {
  const { kind, reason } = (await verdict) as { kind: string; reason?: string };
  return `${kind}: ${reason}`;
};

describe('a token (#56)', () => {
  it('that is right names a subject of an issuer, with groups', async () => {
    const { issuer, verify, claims } = await verifier();
    expect(await verify(await issuer.sign(claims({ groups: ['staff', 7, ''] })))).toEqual({
      kind: 'known',
      principal: { id: `jwt:${issuer.issuer}#ada`, kind: 'jwt', groups: ['staff'] },
    });
  });

  it('signed with a new key is accepted once the issuer may be asked again; one with the withdrawn key is not', async () => {
    const { issuer, verify, claims, clock } = await verifier();
    const old = await issuer.sign(claims());
    expect((await verify(old)).kind).toBe('known');
    await issuer.rotate();
    clock.now += 31_000;
    const verdicts = await Promise.all([1, 2, 3].map(async () => verify(await issuer.sign(claims()))));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['known', 'known', 'known']);
    expect(issuer.asked()).toBe(2);
    expect((await verify(old)).kind).toBe('unknown');
  });

  it('of another audience, without one, or expired is refused, each with its reason', async () => {
    const { issuer, verify, claims, seconds } = await verifier();
    const signed = (more: object) => issuer.sign(claims(more)).then(verify);
    expect(await reasonOf(signed({ aud: 'https://other.example' }))).toBe('unknown: the token is for another audience');
    expect(await reasonOf(signed({ aud: undefined }))).toBe('unknown: the token is for another audience');
    expect(await reasonOf(signed({ exp: seconds() - 2 * MINUTE }))).toBe('unknown: the token has expired');
  });

  it('without exp or sub, of another issuer or not yet valid is refused', async () => {
    const { issuer, verify, claims, seconds } = await verifier();
    for (const wrong of [
      { exp: undefined },
      { sub: undefined },
      { sub: '' },
      { iss: 'https://evil.example' },
      { nbf: seconds() + 2 * MINUTE },
    ])
      expect(await reasonOf(verify(await issuer.sign(claims(wrong)))), JSON.stringify(wrong)).toBe(
        'unknown: the token is not valid',
      );
  });

  it('within 60 s of skew is accepted, beyond it is not', async () => {
    const { issuer, verify, claims, seconds } = await verifier();
    const kind = async (more: object) => (await verify(await issuer.sign(claims(more)))).kind;
    expect(await kind({ exp: seconds() - 55 })).toBe('known');
    expect(await kind({ exp: seconds() - 65 })).toBe('unknown');
    expect(await kind({ nbf: seconds() + 55 })).toBe('known');
    expect(await kind({ nbf: seconds() + 65 })).toBe('unknown');
  });

  it('unsigned, signed with a shared secret, or with a key of somebody else is refused', async () => {
    const { issuer, verify, claims } = await verifier();
    const stranger = await startTokenIssuer();
    const given = { iss: issuer.issuer, ...claims() };
    const none = new UnsecuredJWT(given).encode();
    const shared = await new SignJWT(given)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-0' })
      .sign(new TextEncoder().encode('a secret that is long enough for HS256'));
    const foreign = await stranger.sign(given);
    for (const token of [none, shared, foreign, `${await issuer.sign(claims())}x`, 'junk', '', 'a.b.c'])
      expect(await reasonOf(verify(token)), token).toBe('unknown: the token is not valid');
  });

  it('with an unknown key makes the issuer be asked once, not each time', async () => {
    const { issuer, verify, claims } = await verifier();
    await verify(await issuer.sign(claims()));
    for (let i = 0; i < 5; i++)
      expect((await verify(await issuer.sign(claims(), { kid: `made-up-${i}` }))).kind).toBe('unknown');
    expect(issuer.asked()).toBe(1);
  });
});

describe('the keys of an issuer (#56)', () => {
  it('are found by its discovery document', async () => {
    const { issuer, verify, claims } = await verifier({ jwksUrl: undefined });
    expect((await verify(await issuer.sign(claims()))).kind).toBe('known');
  });

  it('that were learned go on to work while it is down; unknown ones fail, and after a day all do', async () => {
    const { issuer, verify, claims, clock } = await verifier();
    expect((await verify(await issuer.sign(claims()))).kind).toBe('known');
    const known = (): Promise<string> => issuer.sign(claims());
    issuer.setDown(true);
    clock.now += 60 * 60_000;
    expect((await verify(await known())).kind).toBe('known');
    expect((await verify(await issuer.sign(claims(), { kid: 'new' }))).kind).toBe('unknown');
    clock.now += 24 * 3_600_000;
    expect(await verify(await known())).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 30 });
    issuer.setDown(false);
    clock.now += 31_000;
    expect((await verify(await known())).kind).toBe('known');
  });

  it('that were learned make nobody wait once it is known to be down', async () => {
    const { issuer, verify, claims, clock } = await verifier();
    await verify(await issuer.sign(claims()));
    issuer.setDown(true);
    clock.now += 11 * MINUTE * 1000;
    expect((await verify(await issuer.sign(claims()))).kind).toBe('known');
    vi.stubGlobal('fetch', () => new Promise(() => {}));
    onTestFinished(() => void vi.unstubAllGlobals());
    clock.now += 31_000;
    expect((await verify(await issuer.sign(claims()))).kind).toBe('known');
  });

  it('are not fetched from where they could be altered, even if its discovery document says so', async () => {
    const { verify, issuer, claims } = await verifier({ jwksUrl: undefined });
    const asked: string[] = [];
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
      asked.push(url);
      if (url.includes('.well-known'))
        return Response.json({ issuer: issuer.issuer, jwks_uri: 'http://keys.example/jwks' });
      return fetch(issuer.jwksUrl, init);
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    expect((await verify(await issuer.sign(claims()))).kind).toBe('unavailable');
    expect(asked).toHaveLength(1);
  });

  it('are not read from an answer without an end', async () => {
    const { verify, issuer, claims } = await verifier();
    const keys = new Uint8Array(await (await fetch(issuer.jwksUrl)).arrayBuffer());
    let sent = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      sent += 1e6;
      if (sent < 32e6) return controller.enqueue(new Uint8Array(1e6).fill(0x20));
      controller.enqueue(keys);
      controller.close();
    };
    vi.stubGlobal('fetch', async () => new Response(new ReadableStream({ pull })));
    onTestFinished(() => void vi.unstubAllGlobals());
    expect((await verify(await issuer.sign(claims()))).kind).toBe('unavailable');
    expect(sent).toBeLessThan(5e6);
  });

  it('that were never learned let nobody in while it is down', async () => {
    const { issuer, verify, claims } = await verifier();
    issuer.setDown(true);
    expect((await verify(await issuer.sign(claims()))).kind).toBe('unavailable');
  });
});

describe('Cloudflare Access', () => {
  it('vouches for people by address and for services by client id', async () => {
    const { issuer, verify, claims } = await verifier({ principalOf: cloudflarePrincipal });
    const idOf = async (more: object) => {
      const verdict = await verify(await issuer.sign(claims(more)));
      return verdict.kind === 'known' ? verdict.principal.id : verdict.kind;
    };
    expect(await idOf({ email: 'Ada@Example.com' })).toBe('cf:ada@example.com');
    expect(await idOf({ sub: '', common_name: 'client.access' })).toBe('cf:client.access');
    expect(await idOf({})).toBe('unknown');
  });
});

describe('a gateway with an authorization server', () => {
  const configured = ({ issuer, jwksUrl }: TokenIssuer) => ({
    auth: { api_keys: true, jwt: [{ issuer, audience: [AUDIENCE], jwks_url: jwksUrl }] },
  });

  it('#40 connects no stream to a client that went away while it was asked', async () => {
    let laterMs = 0;
    const { now } = Date;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + laterMs);
    onTestFinished(() => clock.mockRestore());
    const issuer = await startTokenIssuer();
    const { port, rpc, ask } = await serveWithAccess({ good: { fixture: 'well-behaved' } }, configured(issuer));
    const signed = () => issuer.sign({ sub: 'ada', aud: AUDIENCE, exp: Math.floor(now() / 1000) + 300 });
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const opened = await rpc('/mcp/good', { method: 'initialize', params }, bearer(await signed()));
    await issuer.rotate();
    laterMs = 31_000;
    const headers = {
      accept: 'text/event-stream',
      'mcp-session-id': String(opened.headers['mcp-session-id']),
      ...bearer(await signed()),
    };
    const stream = () => request({ host: '127.0.0.1', port, path: '/mcp/good', headers }).on('error', () => undefined);
    const { asked, letGo } = issuer.holdBack();
    const gone = stream();
    gone.end();
    await asked;
    gone.destroy();
    for (let turns = 0; turns < 5; turns++) await ask('/healthz');
    letGo();
    const again = stream();
    onTestFinished(() => void again.destroy());
    const [response] = await once(again.end(), 'response');
    expect(response.statusCode, 'the stream is free').toBe(200);
  });

  it('lets its tokens in beside keys, and names it in the metadata', async () => {
    const issuer = await startTokenIssuer();
    const { rpc, key, ask } = await serveWithAccess({}, configured(issuer));
    const exp = Math.floor(Date.now() / 1000) + 300;
    const list = { method: 'tools/list' };
    const right = await issuer.sign({ sub: 'ada', aud: AUDIENCE, exp });
    expect((await rpc('/mcp', list, bearer(right))).status).toBe(200);
    expect((await rpc('/mcp', list, bearer(key('ci')))).status).toBe(200);
    const elsewhere = await rpc('/mcp', list, bearer(await issuer.sign({ sub: 'ada', aud: 'https://x', exp })));
    expect(elsewhere.status).toBe(401);
    expect(elsewhere.headers['www-authenticate']).toContain('error="invalid_token"');
    const metadata = JSON.parse((await ask('/.well-known/oauth-protected-resource/mcp')).text);
    expect(metadata.authorization_servers).toEqual([issuer.issuer]);
  });

  it('answers 503 with Retry-After, and lets nobody in, while tokens cannot be checked', async () => {
    const issuer = await startTokenIssuer();
    issuer.setDown(true);
    const { rpc, key } = await serveWithAccess({}, configured(issuer));
    const exp = Math.floor(Date.now() / 1000) + 300;
    const refused = await rpc(
      '/mcp',
      { method: 'tools/list' },
      bearer(await issuer.sign({ sub: 'ada', aud: AUDIENCE, exp })),
    );
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '30']);
    expect((await rpc('/mcp', { method: 'tools/list' }, bearer(key('ci')))).status).toBe(200);
  });
});

describe('a gateway behind Cloudflare Access', () => {
  const TEAM = 'https://team.cloudflareaccess.com';
  const configured = {
    auth: { api_keys: true, cloudflare_access: { team_domain: 'team.cloudflareaccess.com', audience: 'tag' } },
    access: { rules: [{ for: ['cf:*@example.com', 'key:ci'], servers: ['good'] }] },
  };

  async function behindAccess() {
    const issuer = await startTokenIssuer();
    const asked: string[] = [];
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      asked.push(url);
      return fetch(issuer.jwksUrl, init);
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const gateway = await serveWithAccess({ good: { fixture: 'well-behaved' } }, configured);
    const assertion = (claims: object = {}) =>
      issuer.sign({ iss: TEAM, aud: 'tag', sub: 'x', exp: Math.floor(Date.now() / 1000) + 300, ...claims });
    const status = async (headers: Record<string, string>) =>
      (await gateway.rpc('/mcp/good', { method: 'tools/list' }, headers)).status;
    return { gateway, asked, assertion, status };
  }

  it('lets in whom its assertion names, and asks the team for its keys', async () => {
    const { asked, assertion, status } = await behindAccess();
    expect(await status({ 'cf-access-jwt-assertion': await assertion({ email: 'ada@example.com' }) })).toBe(200);
    expect(asked).toEqual([`${TEAM}/cdn-cgi/access/certs`]);
    // Known, and granted nothing.
    expect(await status({ 'cf-access-jwt-assertion': await assertion({ email: 'ada@example.org' }) })).toBe(404);
  });

  it('refuses what is for another application, expired, a cookie or a bearer token, and what comes beside a wrong key', async () => {
    const { gateway, assertion, status } = await behindAccess();
    const email = 'ada@example.com';
    const right = await assertion({ email });
    for (const claims of [{ aud: 'other' }, { exp: 1 }, { iss: 'https://evil.example' }])
      expect(await status({ 'cf-access-jwt-assertion': await assertion({ email, ...claims }) })).toBe(401);
    expect(await status({ cookie: `CF_Authorization=${right}` })).toBe(401);
    expect(await status(bearer(right))).toBe(401);
    expect(await status({ 'cf-access-jwt-assertion': right, 'x-api-key': 'tdx_wrong' })).toBe(401);
    expect(await status({ 'cf-access-jwt-assertion': await assertion(), ...bearer(gateway.key('ci')) })).toBe(200);
  });
});
