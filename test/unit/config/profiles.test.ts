import { describe, expect, it, test } from 'vitest';
import type { KnownServer } from '../../../src/catalog/server-directory.ts';
import type { ToolDefinition } from '../../../src/catalog/tool-definition.ts';
import { toolNames } from '../../../src/catalog/tool-names.ts';
import type { GivenNames } from '../../../src/config/tools-config.ts';
import { createProfileRule } from '../../../src/policy/profile-rule.ts';
import { load, problems } from './config-files.ts';

const SERVERS = 'servers:\n  git: {command: /bin/git}\n  play: {command: /bin/play}\n';
const withProfile = (body: string) => `${SERVERS}profiles:\n  review: ${body}\n`;

async function rule(body: string) {
  const profile = (await load(withProfile(body))).profiles.get('review');
  if (!profile) throw new Error('there is no profile');
  return createProfileRule(profile);
}

const known = (name: string, entry?: GivenNames): KnownServer =>
  ({ name, names: entry && toolNames([entry]) }) as unknown as KnownServer;

const listed = (annotations?: ToolDefinition['annotations']) => () => ({
  name: 'x',
  inputSchema: {},
  ...(annotations ? { annotations } : {}),
});

test('a profile is resolved with what it leaves out', async () => {
  const { profiles } = await load(withProfile('{servers: [git]}'));
  expect(profiles.get('review')).toEqual({
    name: 'review',
    description: '',
    servers: ['git'],
    tools: { allow: undefined, deny: [], rename: {}, describe: {} },
    annotations: {},
    prompts: true,
    resources: true,
    exposure: 'discovery',
  });
});

describe('what is wrong with a profile is said with its place', () => {
  it.each([
    ['{servers: [gti]}', 'tooldex.yaml:5:22: no server is called "gti" — did you mean "git"?'],
    ['{servers: [git], tools: {rename: {"gti:a": b}}}', 'no server is called "gti"'],
    ['{servers: [git], tools: {rename: {a: b}}}', 'write the tool as "server:tool"'],
    ['{servers: [git], tools: {rename: {"git:a": "b c"}}}', 'a tool name has letters'],
    ['{servers: [git], tools: {rename: {"git:a": x, "git:b": x}}}', '"x" is the name of "git:a" already'],
    ['{servers: []}', 'must not be empty'],
    ['{servers: [git], prompts: false}', '"prompts" does nothing without "exposure: direct"'],
    ['{servers: [git], exposure: all}', 'is none of discovery, direct'],
  ])('%s', async (body, message) => {
    expect((await problems(withProfile(body))).join('\n')).toContain(message);
  });

  it('a name that a server has', async () => {
    const text = `${SERVERS}profiles:\n  git: {servers: [play]}\n`;
    expect((await problems(text))[0]).toContain('tooldex.yaml:5:3: "git" is a server too');
  });
});

describe('a rule', () => {
  it('chooses by name and glob, with and without the server, and deny wins', async () => {
    const found = await rule(
      '{servers: [git, "pl*"], tools: {allow: ["git:git_*", "browser_*"], deny: ["*:*_delete"]}}',
    );
    expect(['git', 'play', 'other'].map((server) => found.hasServer(server))).toEqual([true, true, false]);
    expect(found.hasTool('git', 'git_diff', listed())).toBe(true);
    expect(found.hasTool('play', 'git_diff', listed())).toBe(false);
    expect(found.hasTool('play', 'browser_open', listed())).toBe(true);
    expect(found.hasTool('git', 'git_delete', listed())).toBe(false);
  });

  it('chooses by annotations, with the defaults of the protocol for what is not said', async () => {
    const readers = await rule('{servers: [git], annotations: {readOnlyHint: true}}');
    expect(readers.hasTool('git', 'x', listed({ readOnlyHint: true }))).toBe(true);
    expect(readers.hasTool('git', 'x', listed())).toBe(false);
    expect(readers.hasTool('git', 'x', () => undefined)).toBe(false);
    const harmless = await rule('{servers: [git], annotations: {destructiveHint: false}}');
    expect(harmless.hasTool('git', 'x', listed())).toBe(false);
  });

  it('names tools both ways, exchanged names too', async () => {
    const found = await rule('{servers: [git], tools: {rename: {"git:a": b, "git:b": a, "git:c": d}}}');
    const names = found.names(known('git'));
    expect(['a', 'b', 'c', 'e'].map((own) => names?.shown(own))).toEqual(['b', 'a', 'd', 'e']);
    expect(['a', 'b', 'd', 'e'].map((shown) => names?.own(shown))).toEqual(['b', 'a', 'c', 'e']);
    expect(names?.own('c')).toBeUndefined();
    expect(found.names(known('play'))).toBeUndefined();
  });

  it('has the last word over what the entry of the server says', async () => {
    const found = await rule('{servers: [git], tools: {rename: {"git:a": x}, describe: {"git:b": "B here"}}}');
    const entry = { rename: { a: 'y', c: 'x', d: 'z' }, describe: { b: 'B', d: 'D' } };
    const names = found.names(known('git', entry));
    expect(['a', 'd'].map((own) => names?.shown(own))).toEqual(['x', 'z']);
    expect([names?.own('x'), names?.own('y'), names?.own('z')]).toEqual(['a', 'y', 'd']);
    expect(names?.reaches('c')).toBe(false);
    expect(['b', 'd'].map((name) => names?.show({ name, inputSchema: {} })?.description)).toEqual(['B here', 'D']);
  });
});
