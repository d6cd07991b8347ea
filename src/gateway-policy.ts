/** The part of the composition root that makes policies, and what follows from them: menus, and who may add servers. */
import type { AddedServer } from './catalog/added-servers.ts';
import type { Config } from './config/config.ts';
import { buildMenu, type Menu, type MenuServer } from './meta-tools/menu.ts';
import { createOpenPolicy, type Policy } from './policy/policy.ts';
import { createRulePolicy } from './policy/rule-policy.ts';

/** The policy of a configuration; made anew only when the configuration is another than the last. */
export const policyMaker = (): ((config: Config) => Policy) => rememberLast(policyFrom);

/** A gateway that asks nobody who they are trusts everybody; rules change with the configuration. */
function policyFrom({ access, addServers }: Config): Policy {
  if (access.rules) return createRulePolicy(access.rules, addServers);
  return access.auth ? createRulePolicy(EVERYTHING_BUT_ADMIN, addServers) : createOpenPolicy(addServers);
}

const EVERYTHING_BUT_ADMIN = {
  groups: {},
  rules: [{ for: ['*'], servers: ['*'], tools: undefined, deny: [], profiles: ['*'], admin: false, add: undefined }],
};

/** Makes anew only what is asked for with another argument than the last. */
function rememberLast<Given, Made>(make: (given: Given) => Made): (given: Given) => Made {
  let last: { readonly given: Given; readonly made: Made } | undefined;
  return (given) => {
    if (last?.given !== given) last = { given, made: make(given) };
    return last.made;
  };
}

/** One menu for each set of servers that somebody sees. */
export function menuMaker(servers: readonly MenuServer[]): (seesServer: (server: string) => boolean) => Menu {
  const menus = new Map<string, Menu>();
  return (seesServer) => {
    const visible = servers.filter(({ name }) => seesServer(name));
    const key = visible.map(({ name }) => name).join('\n');
    const menu = menus.get(key) ?? buildMenu(visible);
    if (menus.size >= MENUS_MAX) menus.clear();
    menus.set(key, menu);
    return menu;
  };
}

const MENUS_MAX = 200;

/** Whether a server that was added earlier is there again: an admin let it in, or the file still lets somebody add such a one. */
export function isLet({ approvedBy, origin }: Pick<AddedServer, 'approvedBy' | 'origin'>, config: Config): boolean {
  if (approvedBy !== undefined) return true;
  const rights = [config.addServers, ...(config.access.rules?.rules.map(({ add }) => add) ?? [])];
  if (origin === undefined) return rights.includes('always');
  const isInCatalog = config.catalog?.sources.some(({ at }) => at === origin.source) ?? false;
  return isInCatalog && rights.some((right) => right !== undefined && right !== 'never');
}
