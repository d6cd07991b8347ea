/** Names in `access` that nothing has: a rule with a misspelt one grants or denies less than it seems to. */
import { nearest } from '../stdx/nearest.ts';
import type { AccessRule, Config } from './config.ts';

/** A sentence for each; globs may wait for what comes later, and so may all where agents can add servers. */
export function rulesWithoutObject({ access: { rules }, servers, profiles, addServers, catalog }: Config): string[] {
  const rights = [addServers, ...(rules?.rules ?? []).map(({ add }) => add)];
  const isClosed = !catalog && !rights.some((right) => right === 'approval' || right === 'always');
  const known = { server: [...servers.keys()], profile: [...profiles.keys()] };
  return (rules?.rules ?? []).flatMap((rule, at) =>
    namesIn(rule)
      .filter(({ kind, name }) => (isClosed || kind === 'profile') && !known[kind].includes(name))
      .map(({ kind, name }) => `"access": rule ${at + 1}: no ${kind} is called "${name}"${guess(name, known[kind])}`),
  );
}

function namesIn({ servers = [], tools = [], deny, profiles }: AccessRule) {
  const ofTools = [...tools, ...deny].filter((pattern) => pattern.includes(':'));
  const named = [...servers, ...ofTools.map((pattern) => pattern.slice(0, pattern.indexOf(':')))];
  return [
    ...literals(named).map((name) => ({ kind: 'server' as const, name })),
    ...literals(profiles).map((name) => ({ kind: 'profile' as const, name })),
  ];
}

const literals = (patterns: readonly string[]) => [...new Set(patterns)].filter((pattern) => !/[*?]/.test(pattern));

function guess(name: string, known: readonly string[]): string {
  const [near] = nearest(name, known, 1);
  return near === undefined ? '' : ` — did you mean "${near}"?`;
}
