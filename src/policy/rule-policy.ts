/** The policy that a configuration's rules make: what no rule grants is not there, and what one denies is gone. */
import type { AccessRule, AccessRules } from '../config/config.ts';
import { matchesGlob } from '../config/tool-filter.ts';
import type { AddingRight, Policy } from './policy.ts';
import type { Principal } from './principal.ts';

/** From the least to the most. */
const ADDING: readonly AddingRight[] = ['never', 'catalog', 'approval', 'always'];

/** `adding` is for those of whom no rule says anything. The local user may do everything but add more than that. */
export function createRulePolicy({ groups, rules }: AccessRules, adding: AddingRight): Policy {
  const byName = new Map<string, Rights>();
  // Those of keys stay the same objects from request to request; those of tokens are made anew.
  const byPrincipal = new WeakMap<Principal, Rights>();
  const rightsByName = (principal: Principal): Rights => {
    const name = `${principal.id}\n${principal.groups.join('\n')}`;
    const known = byName.get(name);
    if (known) return known;
    const rights = principal.kind === 'local' ? EVERYTHING : rightsFrom(rules.filter(isFor(principal, groups)));
    if (byName.size >= REMEMBERED_MAX) byName.clear();
    byName.set(name, rights);
    return rights;
  };
  const rightsOf = (principal: Principal): Rights => {
    const known = byPrincipal.get(principal);
    if (known) return known;
    const rights = rightsByName(principal);
    byPrincipal.set(principal, rights);
    return rights;
  };
  return {
    restricts: (principal) => !rightsOf(principal).everywhere,
    seesServer: (principal, server) => rightsOf(principal).server(server),
    seesTool: (principal, server, tool) => rightsOf(principal).tool(server, tool),
    seesProfile: (principal, profile) => rightsOf(principal).profile(profile),
    isAdmin: (principal) => rightsOf(principal).admin,
    mayAdd: (principal) => rightsOf(principal).add ?? adding,
  };
}

/** People come and go, and each has little. */
const REMEMBERED_MAX = 1_000;

interface Rights {
  readonly admin: boolean;
  /** Every server and tool. */
  readonly everywhere: boolean;
  readonly add: AddingRight | undefined;
  server(name: string): boolean;
  tool(server: string, tool: string): boolean;
  profile(name: string): boolean;
}

const yes = () => true;
const EVERYTHING: Rights = { admin: true, everywhere: true, add: undefined, server: yes, tool: yes, profile: yes };

function isFor(principal: Principal, groups: AccessRules['groups']): (rule: AccessRule) => boolean {
  const memberOf = Object.entries(groups).filter(([, members]) => matchesAny(principal.id, members));
  const names = [
    principal.id,
    ...[...principal.groups, ...memberOf.map(([name]) => name)].map((name) => `group:${name}`),
  ];
  return (rule) => names.some((name) => matchesAny(name, rule.for));
}

function rightsFrom(rules: readonly AccessRule[]): Rights {
  const add = rules.reduce<AddingRight | undefined>((most, rule) => larger(most, rule.add), undefined);
  if (rules.some((rule) => rule.admin)) return { ...EVERYTHING, add };
  const denied = rules.flatMap((rule) => rule.deny);
  return {
    admin: false,
    everywhere: denied.length === 0 && rules.some(grantsAll),
    add,
    server: (name) =>
      rules.some((rule) => grantsServer(rule, name)) && !denied.some((pattern) => deniesAllOf(pattern, name)),
    tool: (server, tool) =>
      rules.some((rule) => grantsTool(rule, server, tool)) && !denied.some((pattern) => isTool(pattern, server, tool)),
    profile: (name) => rules.some((rule) => matchesAny(name, rule.profiles)),
  };
}

const grantsAll = ({ servers, tools }: AccessRule) => tools === undefined && (servers?.includes('*') ?? false);

function larger(one: AddingRight | undefined, other: AddingRight | undefined): AddingRight | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return ADDING.indexOf(one) > ADDING.indexOf(other) ? one : other;
}

/** A rule that names only tools shows the servers that they name. */
function grantsServer({ servers, tools }: AccessRule, name: string): boolean {
  if (servers) return matchesAny(name, servers);
  return tools?.some((pattern) => matchesGlob(name, serverPart(pattern))) ?? false;
}

function grantsTool(rule: AccessRule, server: string, tool: string): boolean {
  if (!grantsServer(rule, server)) return false;
  return rule.tools === undefined || rule.tools.some((pattern) => isTool(pattern, server, tool));
}

/** `server:tool`, or the tool alone on any server. */
function isTool(pattern: string, server: string, tool: string): boolean {
  const colon = pattern.indexOf(':');
  return matchesGlob(server, serverPart(pattern)) && matchesGlob(tool, pattern.slice(colon + 1));
}

function serverPart(pattern: string): string {
  const colon = pattern.indexOf(':');
  return colon < 0 ? '*' : pattern.slice(0, colon);
}

const deniesAllOf = (pattern: string, server: string) =>
  pattern.slice(pattern.indexOf(':') + 1) === '*' && matchesGlob(server, serverPart(pattern));
const matchesAny = (name: string, patterns: readonly string[]) =>
  patterns.some((pattern) => matchesGlob(name, pattern));
