/** Tokens of authorization servers: checked against their published keys, and refused whenever anything is not certain. */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { createIssuerKeys, KeysUnavailable, PAUSE_MS } from './issuer-keys.ts';
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

/** The verifier of the issuer that a token names; another issuer's token is as good as none. */
export function byIssuer(verifiers: ReadonlyMap<string, Verify>): Verify {
  return (token) => verifiers.get(issuerOf(token) ?? '')?.(token) ?? NOT_VALID;
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Signatures that only the issuer can make: neither `none` nor secrets that we would share with it. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const NOT_VALID: Verdict = { kind: 'unknown', reason: 'the token is not valid' };

export function createJwtVerifier(options: JwtVerifierOptions): Verify {
  const { issuer, audiences, principalOf, skewSeconds, now } = options;
  const keys = createIssuerKeys(options);
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
    return {
      kind: 'unavailable',
      reason: 'tokens cannot be checked at the moment',
      retryAfterSeconds: PAUSE_MS / 1000,
    };
  if (error instanceof errors.JWTExpired) return { kind: 'unknown', reason: 'the token has expired' };
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return { kind: 'unknown', reason: 'the token is for another audience' };
  return NOT_VALID;
}
