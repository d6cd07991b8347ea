/** How one kind of credential is turned into a principal, or refused. */
import type { ApiKey, ApiKeys } from '../catalog/api-keys.ts';
import type { Principal } from './principal.ts';

export type Verdict =
  | { readonly kind: 'known'; readonly principal: Principal }
  /** `reason` may be shown to whoever sent the credential. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Nobody can tell now; refused, but worth another try. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterSeconds: number };

/** Never throws: whatever goes wrong is a refusal. */
export type Verify = (credential: string) => Verdict | Promise<Verdict>;

const NOT_VALID: Verdict = { kind: 'unknown', reason: 'the API key is not valid' };
const UNREADABLE: Verdict = {
  kind: 'unavailable',
  reason: 'API keys cannot be checked at the moment',
  retryAfterSeconds: 10,
};

/** Wrong, expired, revoked: the answer is the same, so that it tells nothing about keys. */
export function createKeyVerifier(keys: Pick<ApiKeys, 'find'>): Verify {
  const verdicts = new WeakMap<ApiKey, Verdict>();
  const verdictOn = (key: ApiKey) => {
    const principal: Principal = { id: `key:${key.name}`, kind: 'api-key', groups: key.groups };
    const verdict: Verdict = { kind: 'known', principal };
    verdicts.set(key, verdict);
    return verdict;
  };
  return (credential) => {
    try {
      const key = keys.find(credential);
      return key ? (verdicts.get(key) ?? verdictOn(key)) : NOT_VALID;
    } catch {
      return UNREADABLE;
    }
  };
}
