/** Who the claims of a token stand for; undefined where they name nobody. */
import type { Principal } from './principal.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** By issuer and subject, which only together are one person; groups from the claim of that name. */
export function subjectPrincipal(issuer: string, groupsClaim: string): (claims: Claims) => Principal | undefined {
  return ({ sub, ...claims }) =>
    isName(sub) ? { id: `jwt:${issuer}#${sub}`, kind: 'jwt', groups: texts(claims[groupsClaim]) } : undefined;
}

/** People by their address, service tokens by their client id; both are names that Cloudflare vouches for. */
export function cloudflarePrincipal({ email, common_name: client, ...claims }: Claims): Principal | undefined {
  const name = isName(email) ? email.toLowerCase() : client;
  return isName(name) ? { id: `cf:${name}`, kind: 'cloudflare-access', groups: texts(claims.groups) } : undefined;
}

const isName = (value: unknown): value is string => typeof value === 'string' && /^[^\p{Cc}]{1,256}$/u.test(value);

/** A list, or as in `scope` words with spaces between. */
function texts(value: unknown): string[] {
  const list = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return list.filter(isName).slice(0, GROUPS_MAX);
}

const GROUPS_MAX = 100;
