/** What a view hides and renames, over the smallest parts that there can be. */
import { expect, it } from 'vitest';
import type { Catalog, StoredTool } from '../../../src/catalog/catalog.ts';
import type { KnownServer } from '../../../src/catalog/server-directory.ts';
import type { ProfileConfig } from '../../../src/config/profile-config.ts';
import type { MetaToolParts } from '../../../src/meta-tools/parts.ts';
import { profileView } from '../../../src/meta-tools/profile-view.ts';
import { rememberViews } from '../../../src/meta-tools/view.ts';
import { createOpenPolicy } from '../../../src/policy/policy.ts';
import type { Principal } from '../../../src/policy/principal.ts';
import { createProfileRule } from '../../../src/policy/profile-rule.ts';

const TOOLS = ['read', 'write', 'remove'];
const ADA: Principal = { id: 'key:ada', kind: 'api-key', groups: [] };

const stored = (server: string, name: string): StoredTool => ({
  server,
  name,
  hash: name,
  definition: { name, description: `does ${name}`, inputSchema: {} },
});

/** One server `s` with three tools; Ada may not see `remove`. */
function parts(): MetaToolParts {
  const known = { name: 's', allows: () => true } as unknown as KnownServer;
  const catalog = {
    tools: (server: string) => TOOLS.map((name) => stored(server, name)),
    tool: (server: string, name: string) => (TOOLS.includes(name) ? stored(server, name) : undefined),
    toolNames: () => TOOLS,
    serversWithTool: (name: string) => (TOOLS.includes(name) ? ['s'] : []),
    listings: () => [{ server: 's' }],
  } as unknown as Catalog;
  const hits = TOOLS.map((tool) => ({ id: `s:${tool}`, server: 's', score: 1, features: {} }));
  const index: MetaToolParts['index'] = {
    search: async ({ allow }) => {
      const seen = hits.filter((hit) => allow?.(hit) ?? true);
      return {
        hits: seen,
        verdict: 'match',
        confidence: 1,
        matched: seen.length,
        searched: seen.length,
        mode: 'lexical',
      };
    },
  };
  const policy = {
    ...createOpenPolicy('catalog'),
    restricts: () => true,
    seesTool: (_principal: Principal, _server: string, tool: string) => tool !== 'remove',
  };
  const directory = { names: () => ['s'], get: (name: string) => (name === 's' ? known : undefined) };
  return { catalog, directory, index, policy } as unknown as MetaToolParts;
}

function rule(tools: Partial<ProfileConfig['tools']>) {
  const given = { allow: undefined, deny: [], rename: {}, describe: {}, ...tools };
  return createProfileRule({
    name: 'p',
    description: '',
    servers: ['s'],
    tools: given,
    annotations: {},
    prompts: true,
    resources: true,
    exposure: 'discovery',
  });
}

async function seen(view: MetaToolParts): Promise<string[]> {
  const { hits } = await view.index.search({ task: 'x', limit: 10 });
  return hits.map(({ id }) => id);
}

it('shows tools under the names of the profile everywhere, and leads back to their own', async () => {
  const view = profileView(parts(), rule({ rename: { 's:write': 'put' }, deny: ['remove'] }));
  const known = view.directory.get('s');
  expect(['read', 'write', 'put', 'remove'].map((name) => known?.allows(name))).toEqual([true, false, true, false]);
  expect(known?.shows?.own('put')).toBe('write');
  expect(view.catalog.tool('s', 'put')?.definition).toMatchObject({ name: 'put', description: 'does write' });
  expect(view.catalog.tool('s', 'write')).toBeUndefined();
  expect([view.catalog.serversWithTool('put'), view.catalog.serversWithTool('write')]).toEqual([['s'], []]);
  expect(await seen(view)).toEqual(['s:read', 's:put']);
});

it('gives a name that another tool had to the one that the profile means', async () => {
  const view = profileView(parts(), rule({ rename: { 's:write': 'read' } }));
  expect(view.catalog.toolNames('s')).toEqual(['read', 'remove']);
  expect(view.catalog.tool('s', 'read')?.definition.description).toBe('does write');
  expect(view.directory.get('s')?.shows?.own('read')).toBe('write');
  expect(await seen(view)).toEqual(['s:read', 's:remove']);
});

it('lets no new name get round what a principal may not see', async () => {
  const view = rememberViews()(profileView(parts(), rule({ rename: { 's:remove': 'tidy_up' } })), ADA);
  expect(view.directory.get('s')?.allows('tidy_up')).toBe(false);
  expect(await seen(view)).toEqual(['s:read', 's:write']);
});
