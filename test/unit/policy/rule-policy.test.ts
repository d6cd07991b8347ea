import { describe, expect, it } from 'vitest';
import type { ServerDirectory } from '../../../src/catalog/server-directory.ts';
import type { AccessRule } from '../../../src/config/config.ts';
import { createOpenPolicy } from '../../../src/policy/policy.ts';
import { LOCAL, type Principal } from '../../../src/policy/principal.ts';
import { createRulePolicy } from '../../../src/policy/rule-policy.ts';
import { visibleServers } from '../../../src/policy/visible-servers.ts';

const rule = (given: Partial<AccessRule>): AccessRule => ({
  for: ['*'],
  servers: undefined,
  tools: undefined,
  deny: [],
  profiles: [],
  admin: false,
  add: undefined,
  ...given,
});
const key = (name: string, ...groups: string[]): Principal => ({ id: `key:${name}`, kind: 'api-key', groups });
const policyOf = (...rules: AccessRule[]) =>
  createRulePolicy({ groups: { builders: ['key:ci', 'jwt:*'] }, rules }, 'catalog');

describe('rules', () => {
  it('grant to principals, to groups of the file, to groups that a credential carries, and to everybody', () => {
    const policy = policyOf(
      rule({ for: ['key:a'], servers: ['for-a'] }),
      rule({ for: ['group:builders'], servers: ['for-builders'] }),
      rule({ for: ['group:staff'], servers: ['for-staff'] }),
      rule({ servers: ['for-all'] }),
    );
    const seen = (who: Principal) =>
      ['for-a', 'for-builders', 'for-staff', 'for-all', 'for-none'].filter((name) => policy.seesServer(who, name));
    expect(seen(key('a'))).toEqual(['for-a', 'for-all']);
    expect(seen(key('ci'))).toEqual(['for-builders', 'for-all']);
    expect(seen({ id: 'jwt:https://i#s', kind: 'jwt', groups: [] })).toEqual(['for-builders', 'for-all']);
    expect(seen(key('b', 'staff'))).toEqual(['for-staff', 'for-all']);
    expect(seen(key('b', 'a'))).toEqual(['for-all']);
    expect(seen(LOCAL)).toHaveLength(5);
  });

  it('name tools with a server or without, and show the servers that they name', () => {
    const policy = policyOf(rule({ tools: ['git:log', 'files:read_*'] }), rule({ servers: ['web'], tools: ['fetch'] }));
    const who = key('x');
    expect(['git', 'files', 'web', 'mail'].filter((name) => policy.seesServer(who, name))).toEqual([
      'git',
      'files',
      'web',
    ]);
    expect(policy.seesTool(who, 'git', 'log')).toBe(true);
    expect(policy.seesTool(who, 'git', 'push')).toBe(false);
    expect(policy.seesTool(who, 'files', 'read_text')).toBe(true);
    expect(policy.seesTool(who, 'files', 'fetch')).toBe(false);
    expect(policy.seesTool(who, 'web', 'fetch')).toBe(true);
    expect(policy.seesTool(who, 'web', 'log')).toBe(false);
  });

  it('deny whatever another rule grants', () => {
    const policy = policyOf(rule({ servers: ['*'] }), rule({ for: ['key:x'], deny: ['delete_*', 'secret:*'] }));
    expect(policy.seesTool(key('x'), 'files', 'delete_all')).toBe(false);
    expect(policy.seesTool(key('y'), 'files', 'delete_all')).toBe(true);
    expect(policy.seesServer(key('x'), 'secret')).toBe(false);
    expect(policy.seesTool(key('x'), 'secret', 'read')).toBe(false);
  });

  it('make admins, who see everything, and say what may be added', () => {
    const policy = policyOf(
      rule({ for: ['key:root'], admin: true, add: 'always' }),
      rule({ for: ['key:x', 'key:y'], servers: ['a'], add: 'never' }),
      rule({ for: ['key:y'], add: 'catalog' }),
    );
    expect([policy.isAdmin(key('root')), policy.isAdmin(key('x')), policy.isAdmin(LOCAL)]).toEqual([true, false, true]);
    expect(policy.seesTool(key('root'), 'z', 'z')).toBe(true);
    expect(['root', 'x', 'y', 'z'].map((name) => policy.mayAdd(key(name)))).toEqual([
      'always',
      'never',
      'catalog',
      'catalog',
    ]);
    expect(policy.seesServer(key('z'), 'a')).toBe(false);
  });

  it('are not there: the local user may do everything, and whoever else there is sees everything and is no admin', () => {
    const open = createOpenPolicy('catalog');
    expect([open.isAdmin(LOCAL), open.isAdmin(key('x')), open.seesServer(key('x'), 'a')]).toEqual([true, false, true]);
  });

  it('take names for what they are: no principal can be spelt into another one', () => {
    const policy = policyOf(rule({ for: ['key:ci'], servers: ['a'] }));
    expect(policy.seesServer({ id: 'jwt:key:ci', kind: 'jwt', groups: ['key:ci', '*'] }, 'a')).toBe(false);
    expect(policy.seesServer(key('ci2'), 'a')).toBe(false);
  });
});

describe('the servers that somebody sees', () => {
  const known = (name: string, allowed: string) => ({
    name,
    description: '',
    configHash: name,
    callTimeoutMs: 1,
    callTotalTimeoutMs: 1,
    resultBytesMax: 1,
    allows: (tool: string) => tool.startsWith(allowed),
  });
  const servers = new Map([known('files', 'read'), known('mail', '')].map((one) => [one.name, one]));
  const directory: ServerDirectory = {
    names: () => [...servers.keys()],
    get: (name) => servers.get(name),
    unconfigured: () => [],
  };

  it('are those of rules and configuration both', () => {
    const policy = policyOf(rule({ tools: ['files:*_text'] }));
    const visible = visibleServers(directory, policy, key('x'));
    expect(visible.names()).toEqual(['files']);
    expect(visible.get('mail')).toBeUndefined();
    const files = visible.get('files');
    expect(['read_text', 'read_all', 'write_text'].filter((tool) => files?.allows(tool))).toEqual(['read_text']);
  });

  it('are the directory itself where nothing is hidden', () => {
    expect(visibleServers(directory, createOpenPolicy('catalog'), LOCAL)).toBe(directory);
    expect(visibleServers(directory, policyOf(rule({ admin: true })), key('x'))).toBe(directory);
  });
});
