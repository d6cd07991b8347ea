/** The published keys of an authorization server, as long as they can be trusted; jose's own set fails when a fetch does. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { UNALTERED_URL } from '../config/written-forms.ts';
import { textWithin } from '../stdx/text-within.ts';

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Undefined asks the issuer's discovery document. */
  readonly jwksUrl: string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

/** No key was ever learned, or what is known is too old to trust. */
export class KeysUnavailable extends Error {}

/** Keys are asked for again after so long; a key that the issuer withdrew is good for no longer. */
const FRESH_MS = 10 * 60_000;
/** How long known keys hold while the issuer cannot be asked. */
const STALE_MS = 24 * 3_600_000;
/** Between two questions, whether for lack of an answer or for a key that nobody knows. */
export const PAUSE_MS = 30_000;
const TIMEOUT_MS = 5_000;
/** Many times what the keys of the largest issuers take. */
const DOCUMENT_BYTES_MAX = 1_000_000;

/** Throws KeysUnavailable, or jose's JWKSNoMatchingKey. Many requests at once ask the issuer once. */
export function createIssuerKeys({ issuer, jwksUrl, now }: IssuerKeysOptions): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let learnedAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  let isDown = false;
  const learn = async () => {
    try {
      keys = createLocalJWKSet(await fetchKeys(jwksUrl ?? (await discover(issuer))));
      learnedAt = now();
      isDown = false;
    } catch {
      isDown = true;
      // What was known before holds on; when that is nothing, nobody is let in.
    } finally {
      asking = undefined;
    }
  };
  const ask = async () => {
    if (!asking && now() - askedAt < PAUSE_MS) return;
    askedAt = now();
    asking ??= learn();
    await asking;
  };
  const usable = () => (now() - learnedAt < STALE_MS ? keys : undefined);
  const find: JWTVerifyGetKey = (header, token) => {
    const known = usable();
    if (!known) throw new KeysUnavailable();
    return known(header, token);
  };
  return async (header, token) => {
    if (now() - learnedAt >= FRESH_MS) {
      const asked = ask();
      // Whether it is back need not be waited for.
      if (!isDown || !usable()) await asked;
    }
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await ask();
      return find(header, token);
    }
  };
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  return (await fetchJson(url)) as JSONWebKeySet;
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = (await fetchJson(address)) as { issuer?: unknown; jwks_uri?: unknown };
  const { jwks_uri: keysUrl } = document;
  if (document.issuer !== issuer || typeof keysUrl !== 'string') throw new Error(`${address} is not about ${issuer}`);
  if (!UNALTERED_URL.pattern.test(keysUrl)) throw new Error(`the keys at ${keysUrl} could be altered on their way`);
  return keysUrl;
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  if (response.ok) return JSON.parse(await textWithin(response, DOCUMENT_BYTES_MAX));
  await response.body?.cancel();
  throw new Error(`${url} answered ${response.status}`);
}
