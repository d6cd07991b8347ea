/** The part of the composition root that serves virtual servers: each a view of the whole, as the configuration has it now. */
import type { ProfileConfig } from './config/profile-config.ts';
import { GatewayError } from './errors.ts';
import type { LiveConfig } from './gateway-reload.ts';
import type { Identity } from './meta-tools/identity.ts';
import { type Menu, withPurpose } from './meta-tools/menu.ts';
import { createMetaOffer } from './meta-tools/meta-offer.ts';
import type { CallContext } from './meta-tools/parts.ts';
import { callExposed, type ExposedOf, listExposed, passExposed, rememberExposed } from './meta-tools/profile-offer.ts';
import { ProfileOthers } from './meta-tools/profile-others.ts';
import { rememberProfileView } from './meta-tools/profile-view.ts';
import { type CallRecord, type MetaToolCalls, type PartsSource, registerMetaTools } from './meta-tools/register.ts';
import type { OtherOffer, ToolOffer } from './meta-tools/tool-offer.ts';
import { rememberViews, type ViewOf } from './meta-tools/view.ts';
import { createProfileRule, type ProfileRule } from './policy/profile-rule.ts';
import { nearest } from './stdx/nearest.ts';

export interface ProfilesOptions {
  readonly live: LiveConfig;
  readonly parts: PartsSource;
  readonly identity: Identity;
  readonly menuFor: (seesServer: (server: string) => boolean) => Menu;
  readonly note: (record: CallRecord) => void;
}

export interface Profiles {
  names(): string[];
  has(name: string): boolean;
  /** Those of these servers that the profile has; undefined when there is no such profile now. */
  servers(name: string, all: readonly string[]): string[] | undefined;
  /** Follows reloads for as long as it is served. Undefined when there is no such profile now. */
  offer(name: string, seesServer: (server: string) => boolean): ToolOffer | undefined;
  /** The same; throws SERVER_UNKNOWN with the nearest name. */
  require(name: string): ToolOffer;
}

export function createProfiles(options: ProfilesOptions): Profiles {
  const { live } = options;
  const rules = new WeakMap<ProfileConfig, ProfileRule>();
  const ruleOf = (name: string): ProfileRule | undefined => {
    const config = live.current.profiles.get(name);
    if (!config) return undefined;
    const rule = rules.get(config) ?? createProfileRule(config);
    rules.set(config, rule);
    return rule;
  };
  const names = () => [...live.current.profiles.keys()];
  const required = (name: string): ProfileRule => {
    const rule = ruleOf(name);
    if (rule) return rule;
    throw unknownProfile(name, names());
  };
  /** What a profile was when it was first seen: clients keep its menu as they keep the other. */
  const first = new Map<string, FirstSeen>();
  const firstSeen = (name: string): FirstSeen => {
    const known = first.get(name);
    if (known) return known;
    const view = rememberProfileView();
    const now = () => {
      const whole = options.parts.now();
      return whole && view(whole, required(name));
    };
    const parts: PartsSource = { open: async () => view(await options.parts.open(), required(name)), now };
    const seen = {
      rule: required(name),
      calls: registerMetaTools(parts, options.note),
      others: new ProfileOthers(),
      parts,
      viewOf: rememberViews(),
      exposed: rememberExposed(),
    };
    first.set(name, seen);
    return seen;
  };
  const offer: Profiles['offer'] = (name, seesServer) =>
    ruleOf(name) && createOffer(options, { ...firstSeen(name), current: () => required(name), seesServer });
  const servers: Profiles['servers'] = (name, all) => {
    const rule = ruleOf(name);
    return rule && all.filter((server) => rule.hasServer(server));
  };
  return {
    names,
    has: (name) => live.current.profiles.has(name),
    servers,
    offer,
    require: (name) => offer(required(name).config.name, () => true) ?? fail(name, names()),
  };
}

interface FirstSeen {
  readonly rule: ProfileRule;
  readonly calls: MetaToolCalls;
  readonly others: ProfileOthers;
  /** As the profile shows them now, to everybody and to somebody. */
  readonly parts: PartsSource;
  readonly viewOf: ViewOf;
  readonly exposed: ExposedOf;
}

interface Offered extends FirstSeen {
  readonly current: () => ProfileRule;
  readonly seesServer: (server: string) => boolean;
}

function createOffer(options: ProfilesOptions, offered: Offered): ToolOffer {
  const { identity, menuFor } = options;
  const { rule, calls, others, current, seesServer, parts, viewOf, exposed } = offered;
  const menu = withPurpose(
    menuFor((server) => rule.hasServer(server) && seesServer(server)),
    rule.config.description,
  );
  const meta = createMetaOffer(identity, menu, calls);
  const isDirect = () => current().config.exposure === 'direct';
  const view = async ({ principal }: CallContext) => viewOf(await parts.open(), principal);
  const { prompts, resources } = current().config;
  const capabilities = {
    ...(prompts ? { prompts: {} } : {}),
    ...(resources ? { resources: {} } : {}),
    ...(prompts || resources ? { completions: {} } : {}),
  };
  const request: OtherOffer['request'] = async (method, params, context) =>
    others.request(method, { parts: await view(context), params, context });
  return {
    ...(isDirect() ? { others: { capabilities, request }, onChange: (listener) => onChange(options, listener) } : {}),
    identity,
    instructions: isDirect() ? rule.config.description || undefined : menu.instructions,
    listTtlMs: isDirect() ? 0 : meta.listTtlMs,
    list: async (params, context) =>
      isDirect() ? listExposed(await view(context), { exposed, context }) : meta.list(params, context),
    call: async (params, context) =>
      isDirect() ? callExposed(exposed(await view(context)), params, context) : meta.call(params, context),
    pass(params, by) {
      if (!isDirect()) return meta.pass?.(params, by);
      const now = parts.now();
      return now && passExposed(exposed(viewOf(now, by.principal)), params, by);
    },
  };
}

/** By a reload, or because a server was listed anew. */
function onChange({ live, parts }: ProfilesOptions, listener: () => void): () => void {
  const ends = [live.onReload(listener)];
  let isOver = false;
  const listen = async () => {
    const { discovery } = await parts.open();
    if (!isOver) ends.push(discovery.onChange(listener));
  };
  void listen().catch(() => undefined);
  return () => {
    isOver = true;
    for (const end of ends) end();
  };
}

function unknownProfile(name: string, names: readonly string[]): GatewayError {
  const [near] = nearest(name, names, 1);
  const remedy = near === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean "${near}"?`;
  return new GatewayError('SERVER_UNKNOWN', `no profile is called "${name}"; ${remedy}`, {
    hint: 'profiles stand under "profiles:" in the configuration file',
  });
}

function fail(name: string, names: readonly string[]): never {
  throw unknownProfile(name, names);
}
