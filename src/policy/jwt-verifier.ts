/** Tokens of authorization servers: checked against their published keys, and refused whenever anything is not certain. */
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Principal } from './principal.ts';
import type { Verdict, Verify } from './verify.ts';

export interface JwtVerifierOptions {
  readonly issuer: string;
  /** One of them must be in the token. */
  readonly audiences: readonly string[];
  /** Where the keys are; undefined asks the issuer's discovery document. */
  readonly jwksUrl: string | undefined;
  readonly principalOf: (claims: JWTPayload) => Principal | undefined;
  /** How far the issuer's clock may be off. */
  readonly skewSeconds: number;
  readonly now: () => number;
}

/** Signatures that only the issuer can make: neither `none` nor secrets that we would share with it. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const NOT_VALID: Verdict = { kind: 'unknown', reason: 'the token is not valid' };

export function createJwtVerifier(options: JwtVerifierOptions): Verify {
  const { issuer, audiences, principalOf, skewSeconds, now } = options;
  const keys = createKeySource(options);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: [...audiences],
        algorithms: ALGORITHMS,
        clockTolerance: skewSeconds,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'sub'],
      });
      const principal = principalOf(payload);
      return principal ? { kind: 'known', principal } : NOT_VALID;
    } catch (error) {
      return toVerdict(error);
    }
  };
}

function toVerdict(error: unknown): Verdict {
  if (error instanceof KeysUnavailable)
    return { kind: 'unavailable', reason: 'tokens cannot be checked at the moment', retryAfterSeconds: PAUSE_MS / 1000 };
  if (error instanceof errors.JWTExpired) return { kind: 'unknown', reason: 'the token has expired' };
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return { kind: 'unknown', reason: 'the token is for another audience' };
  return NOT_VALID;
}

/** No key was ever learned, or what is known is too old to trust. */
class KeysUnavailable extends Error {}

/** Keys are asked for again after so long; a key that the issuer withdrew is good for no longer. */
const FRESH_MS = 10 * 60_000;
/** How long known keys hold while the issuer cannot be asked. */
const STALE_MS = 24 * 3_600_000;
/** After a failure, and between two questions for a key that nobody knows. */
const PAUSE_MS = 30_000;
const TIMEOUT_MS = 5_000;

type Remote = ReturnType<typeof createRemoteJWKSet>;

/**
 * While the issuer cannot be reached, keys that were learned before go on to work for a day, and others fail. It is not
 * asked for each request then.
 */
function createKeySource({ issuer, jwksUrl, now }: JwtVerifierOptions): JWTVerifyGetKey {
  let remote: Promise<Remote> | undefined;
  let learnedAt = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  const open = () => {
    remote ??= openRemote(issuer, jwksUrl).catch((error: unknown) => {
      remote = undefined;
      throw error;
    });
    return remote;
  };
  const known = async (...[header, token]: Parameters<JWTVerifyGetKey>) => {
    const jwks = now() - learnedAt < STALE_MS ? (await remote?.catch(() => undefined))?.jwks() : undefined;
    if (!jwks) throw new KeysUnavailable();
    return createLocalJWKSet(jwks)(header, token);
  };
  return async (header, token) => {
    if (now() - failedAt < PAUSE_MS) return known(header, token);
    try {
      const source = await open();
      const key = await source(header, token);
      if (source.fresh) learnedAt = now();
      return key;
    } catch (error) {
      if (isAboutTheKey(error)) throw error;
      failedAt = now();
      return known(header, token);
    }
  };
}

/** The set was there and the key was not in it, in contrast to a set that could not be fetched. */
const isAboutTheKey = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

async function openRemote(issuer: string, jwksUrl: string | undefined): Promise<Remote> {
  const url = new URL(jwksUrl ?? (await discover(issuer)));
  return createRemoteJWKSet(url, { cacheMaxAge: FRESH_MS, cooldownDuration: PAUSE_MS, timeoutDuration: TIMEOUT_MS });
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (document.issuer !== issuer || typeof document.jwks_uri !== 'string')
    throw new Error(`${address} is not about ${issuer}`);
  return document.jwks_uri;
}
