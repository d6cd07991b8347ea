/** From the headers of a request to its principal, or to a refusal that says how to do better and nothing else. */
import type { IncomingMessage } from 'node:http';
import type { Verdict, Verify } from '../policy/verify.ts';
import type { Access, Authenticate } from './access.ts';
import { metadataUrl } from './protected-resource.ts';

/** What can be checked; whatever is missing is not accepted. */
export interface Verifiers {
  readonly apiKey?: Verify | undefined;
  /** Bearer tokens that are no keys. */
  readonly token?: Verify | undefined;
  /** What Cloudflare Access says of those whom it let through. */
  readonly cloudflareAccess?: Verify | undefined;
}

export interface AuthenticateOptions {
  readonly verifiers: Verifiers;
  readonly isApiKey: (credential: string) => boolean;
  readonly baseUrl: (request: IncomingMessage) => string;
}

/**
 * One credential decides: what a client chose to send before what a proxy added. A wrong one is refused even where another
 * one would have been right.
 */
export function createAuthenticate({ verifiers, isApiKey, baseUrl }: AuthenticateOptions): Authenticate {
  const chosen = ({ headers }: IncomingMessage): Attempt | undefined => {
    const key = headers['x-api-key'];
    if (key !== undefined) return { verify: verifiers.apiKey, credential: String(key) };
    if (headers.authorization !== undefined) return readBearer(headers.authorization);
    const assertion = headers['cf-access-jwt-assertion'];
    if (assertion === undefined || !verifiers.cloudflareAccess) return undefined;
    return { verify: verifiers.cloudflareAccess, credential: String(assertion) };
  };
  const readBearer = (authorization: string): Attempt => {
    const plain = authorization.startsWith(BEARER) ? authorization.slice(BEARER.length) : '';
    if (isApiKey(plain)) return { verify: verifiers.apiKey, credential: plain };
    const credential = /^bearer +([^\s,]+) *$/i.exec(authorization)?.[1];
    if (credential === undefined) return { verify: undefined, credential: '' };
    return { verify: isApiKey(credential) ? verifiers.apiKey : verifiers.token, credential };
  };
  return (request) => {
    const attempt = chosen(request);
    const metadata = () => metadataUrl(baseUrl(request), request.url ?? '');
    if (!attempt) return challenge('authentication is required', { metadata: metadata() });
    const verdict = attempt.verify?.(attempt.credential) ?? NOT_ACCEPTED;
    return verdict instanceof Promise ? verdict.then((one) => toAccess(one, metadata)) : toAccess(verdict, metadata);
  };
}

/** As nearly everybody writes it. */
const BEARER = 'Bearer ';

interface Attempt {
  readonly verify: Verify | undefined;
  readonly credential: string;
}

const NOT_ACCEPTED: Verdict = { kind: 'unknown', reason: 'credentials of this kind are not accepted here' };

function toAccess(verdict: Verdict, metadata: () => string): Access {
  if (verdict.kind === 'known') return { kind: 'granted', principal: verdict.principal };
  if (verdict.kind === 'unknown')
    return challenge(verdict.reason, { metadata: metadata(), error: `error="invalid_token"` });
  const headers = { 'retry-after': String(verdict.retryAfterSeconds) };
  return { kind: 'refused', status: 503, message: verdict.reason, headers };
}

/** RFC 6750, with where the metadata of RFC 9728 is. */
function challenge(message: string, { metadata, error }: { metadata: string; error?: string }): Access {
  const parts = [
    'realm="tooldex"',
    ...(error === undefined ? [] : [error, `error_description="${message}"`]),
    `resource_metadata="${metadata}"`,
  ];
  return { kind: 'refused', status: 401, message, headers: { 'www-authenticate': `Bearer ${parts.join(', ')}` } };
}
