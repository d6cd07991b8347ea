/** `listen` and `auth` to what the HTTP door asks: who may come in, under which names, through which proxies. */
import { dirname } from 'node:path';
import type { AccessConfig, AccessRule, AccessRules, AuthConfig } from './config.ts';
import type { Expander } from './expander.ts';
import type { KeyPath } from './problems.ts';
import type { LoadOptions } from './resolve.ts';
import type { ConfigDocument } from './schema.ts';

export interface AccessSurroundings {
  readonly options: LoadOptions;
  readonly expander: Expander;
  readonly report: (path: KeyPath, at: 'key' | 'value', message: string) => void;
}

export function resolveAccess(document: ConfigDocument, around: AccessSurroundings): AccessConfig {
  const { options, expander, report } = around;
  const scope = { env: options.env, folder: dirname(options.file), bareNames: false };
  const { public_url: given, allowed_hosts, allowed_origins, trusted_proxies } = document.listen ?? {};
  const publicUrl = given === undefined ? undefined : expander.expand(given, ['listen', 'public_url'], scope);
  if (publicUrl !== undefined && !URL.canParse(publicUrl))
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

function resolveAuth({ auth }: ConfigDocument, { report }: AccessSurroundings): AuthConfig | undefined {
  if (auth === undefined) return undefined;
  const resolved = { apiKeys: auth.api_keys ?? false };
  if (!resolved.apiKeys)
    report(['auth'], 'key', '"auth" switches nothing on — write "api_keys: true", or leave "auth" out');
  return resolved;
}

function resolveRules({ access, auth }: ConfigDocument, { report }: AccessSurroundings): AccessRules | undefined {
  if (access === undefined) return undefined;
  if (auth === undefined)
    report(
      ['access'],
      'key',
      '"access" needs "auth": without it nobody is told apart — write "auth: {api_keys: true}"',
    );
  const { groups = {}, rules } = access;
  return { groups, rules: rules.map(toRule) };
}

function toRule({ for: who, servers, tools, deny = [], profiles = [], admin = false, add }: RuleDocument): AccessRule {
  return { for: who, servers, tools, deny, profiles, admin, add };
}

type RuleDocument = NonNullable<ConfigDocument['access']>['rules'][number];
