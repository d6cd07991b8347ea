/** `listen` and `auth` to what the HTTP door asks: who may come in, under which names, through which proxies. */
import { dirname } from 'node:path';
import type { AuthDocument } from './access-schema.ts';
import type { AccessConfig, AccessRule, AccessRules, AuthConfig, JwtConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import type { Expander } from './expander.ts';
import type { KeyPath } from './problems.ts';
import type { LoadOptions } from './resolve.ts';
import type { ConfigDocument } from './schema.ts';
import { duration } from './server-entry.ts';
import type { TagSelectors } from './tag-selectors.ts';
import { AUDIENCE, ORIGIN_ALONE, TEAM_DOMAIN, UNALTERED_URL } from './written-forms.ts';

export interface AccessSurroundings {
  readonly options: LoadOptions;
  readonly expander: Expander;
  readonly tags: TagSelectors;
  readonly report: (path: KeyPath, at: 'key' | 'value', message: string) => void;
}

export function resolveAccess(document: ConfigDocument, around: AccessSurroundings): AccessConfig {
  const { options, expander, report } = around;
  const scope = { env: options.env, folder: dirname(options.file), bareNames: false };
  const { public_url: given, allowed_hosts, allowed_origins, trusted_proxies } = document.listen ?? {};
  const publicUrl = given === undefined ? undefined : expander.expand(given, ['listen', 'public_url'], scope);
  expander.hold(publicUrl, ORIGIN_ALONE, ['listen', 'public_url']);
  if (publicUrl !== undefined && ORIGIN_ALONE.pattern.test(publicUrl) && !URL.canParse(publicUrl))
    report(['listen', 'public_url'], 'value', 'this is no URL — write for example "https://tools.example.com"');
  return {
    publicUrl: publicUrl !== undefined && URL.canParse(publicUrl) ? new URL(publicUrl) : undefined,
    allowedHosts: (allowed_hosts ?? []).map((name) => name.toLowerCase()),
    allowedOrigins: (allowed_origins ?? []).map((name) => name.toLowerCase()),
    trustedProxies: trusted_proxies ?? [],
    auth: resolveAuth(document, around),
    rules: resolveRules(document, around),
  };
}

function resolveAuth(
  document: ConfigDocument,
  { options, expander, report }: AccessSurroundings,
): AuthConfig | undefined {
  if (document.auth === undefined) return undefined;
  const scope = { env: options.env, folder: dirname(options.file), bareNames: false };
  const {
    api_keys: apiKeys = false,
    jwt = [],
    cloudflare_access: access,
  } = expander.expand(document.auth, ['auth'], scope);
  if (!apiKeys && jwt.length === 0 && !access)
    report(['auth'], 'key', '"auth" switches nothing on — write "api_keys: true", or leave "auth" out');
  holdAuth(expander, jwt, access);
  const issuers = jwt.map(({ issuer }) => issuer);
  for (const [index, issuer] of issuers.entries())
    if (issuers.indexOf(issuer) !== index)
      report(['auth', 'jwt', index, 'issuer'], 'value', 'this issuer stands above already');
  return {
    apiKeys,
    jwt: jwt.map(toJwt),
    cloudflareAccess: access && { teamDomain: access.team_domain, audiences: [access.audience].flat() },
  };
}

function holdAuth(expander: Expander, jwt: readonly JwtDocument[], access: AuthDocument['cloudflare_access']): void {
  const holdAudience = (audience: string | readonly string[], path: KeyPath) => {
    if (typeof audience === 'string') expander.hold(audience, AUDIENCE, path);
    else for (const [at, each] of audience.entries()) expander.hold(each, AUDIENCE, [...path, at]);
  };
  for (const [at, { issuer, jwks_url, audience }] of jwt.entries()) {
    expander.hold(issuer, UNALTERED_URL, ['auth', 'jwt', at, 'issuer']);
    expander.hold(jwks_url, UNALTERED_URL, ['auth', 'jwt', at, 'jwks_url']);
    holdAudience(audience, ['auth', 'jwt', at, 'audience']);
  }
  if (!access) return;
  expander.hold(access.team_domain, TEAM_DOMAIN, ['auth', 'cloudflare_access', 'team_domain']);
  holdAudience(access.audience, ['auth', 'cloudflare_access', 'audience']);
}

function toJwt({ issuer, audience, jwks_url: jwksUrl, groups_claim, clock_skew }: JwtDocument): JwtConfig {
  return {
    issuer,
    audiences: [audience].flat(),
    jwksUrl,
    groupsClaim: groups_claim ?? DEFAULTS.groupsClaim,
    skewMs: duration(clock_skew ?? DEFAULTS.clockSkew),
  };
}

type JwtDocument = NonNullable<AuthDocument['jwt']>[number];

function resolveRules({ access, auth }: ConfigDocument, { report, tags }: AccessSurroundings): AccessRules | undefined {
  if (access === undefined) return undefined;
  if (auth === undefined)
    report(
      ['access'],
      'key',
      '"access" needs "auth": without it nobody is told apart — write "auth: {api_keys: true}"',
    );
  const { groups = {}, rules } = access;
  return { groups, rules: rules.map((rule, at) => toRule(rule, ['access', 'rules', at], tags)) };
}

function toRule(rule: RuleDocument, path: KeyPath, tags: TagSelectors): AccessRule {
  const { for: who, servers, tools, deny = [], profiles = [], admin = false, add } = rule;
  return {
    for: who,
    servers: servers && tags.servers(servers, [...path, 'servers']),
    tools: tools && tags.tools(tools, [...path, 'tools']),
    deny: tags.tools(deny, [...path, 'deny']),
    profiles,
    admin,
    add,
  };
}

type RuleDocument = NonNullable<ConfigDocument['access']>['rules'][number];
