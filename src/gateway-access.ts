/** The part of the composition root that opens what the HTTP door asks: keys, and who may come in by them. */
import { join } from 'node:path';
import type { ApiKeys } from './catalog/api-keys.ts';
import type { AuthConfig, Config } from './config/config.ts';
import type { Verifiers } from './http/authenticate.ts';
import type { Door } from './http/door.ts';
import type { Log } from './observability/log.ts';
import type { Verify } from './policy/verify.ts';

export interface OpenKeys {
  readonly keys: ApiKeys;
  close(): void;
}

/** The keys of a data folder, whether or not a gateway runs on it. Throws DATA_DIR_UNUSABLE. */
export async function openKeys({ dataDir }: Config): Promise<OpenKeys> {
  const [{ openDatabase }, { createApiKeys }] = await Promise.all([
    import('./catalog/database.ts'),
    import('./catalog/api-keys.ts'),
  ]);
  const { database } = openDatabase(join(dataDir, 'catalog.db'));
  return { keys: createApiKeys(database, Date.now), close: () => database.close() };
}

export interface OpenDoor {
  readonly door: Door;
  close(): void;
}

export interface OpenDoorOptions {
  readonly config: Config;
  /** As the command line gave it; wins over the configuration. */
  readonly host: string;
  readonly log: Log;
}

/** Throws LISTEN_FAILED when strangers could come in. */
export async function openDoor({ config, host, log }: OpenDoorOptions): Promise<OpenDoor> {
  const { auth, ...names } = config.access;
  const { createDoor } = await import('./http/door.ts');
  if (!auth) return { door: createDoor({ ...names, host, auth: undefined }), close: () => undefined };
  const [{ createKeyVerifier }, { createRateLimiter }, { isApiKey }] = await Promise.all([
    import('./policy/verify.ts'),
    import('./policy/rate-limiter.ts'),
    import('./catalog/api-keys.ts'),
  ]);
  const opened = auth.apiKeys ? await openKeys(config) : undefined;
  if (opened && isNobodyThere(opened.keys))
    log('warn', 'no API key is in force; make one with "tooldex key create <name>"');
  const verifiers = { apiKey: opened && createKeyVerifier(opened.keys), ...(await openTokenVerifiers(auth)) };
  const limiter = createRateLimiter(() => performance.now());
  const { failedLogins: failures } = config.limits;
  const issuers = auth.jwt.map(({ issuer }) => issuer);
  const door = createDoor({ ...names, host, auth: { verifiers, isApiKey, issuers, limiter, failures } });
  return { door, close: () => opened?.close() };
}

const isNobodyThere = (keys: ApiKeys) =>
  keys
    .all()
    .every(({ revokedAt, expiresAt }) => revokedAt !== undefined || (expiresAt ?? Number.MAX_VALUE) < Date.now());

/** Asks no issuer yet: the first token does. */
async function openTokenVerifiers({ jwt, cloudflareAccess }: AuthConfig): Promise<Omit<Verifiers, 'apiKey'>> {
  if (jwt.length === 0 && !cloudflareAccess) return {};
  const [{ createJwtVerifier, byIssuer }, { cloudflarePrincipal, subjectPrincipal }] = await Promise.all([
    import('./policy/jwt-verifier.ts'),
    import('./policy/token-principals.ts'),
  ]);
  const byName = jwt.map(({ issuer, groupsClaim, skewMs, ...rest }): [string, Verify] => {
    const principalOf = subjectPrincipal(issuer, groupsClaim);
    return [issuer, createJwtVerifier({ ...rest, issuer, principalOf, skewSeconds: skewMs / 1000, now: Date.now })];
  });
  const issuer = `https://${cloudflareAccess?.teamDomain}`;
  return {
    ...(byName.length > 0 ? { token: byIssuer(new Map(byName)) } : {}),
    ...(cloudflareAccess && {
      cloudflareAccess: createJwtVerifier({
        issuer,
        audiences: cloudflareAccess.audiences,
        jwksUrl: `${issuer}/cdn-cgi/access/certs`,
        principalOf: cloudflarePrincipal,
        skewSeconds: CLOUDFLARE_SKEW_SECONDS,
        now: Date.now,
      }),
    }),
  };
}

const CLOUDFLARE_SKEW_SECONDS = 60;
