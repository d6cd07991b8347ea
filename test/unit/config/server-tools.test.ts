/** What a server's entry says of its tools: which there are, and as what they are shown. */
import { describe, expect, it } from 'vitest';
import { load, problems } from './config-files.ts';

const withTools = (body: string) => `servers:\n  git: {command: /bin/git, tools: ${body}}\n`;

it('names and descriptions are by the own names of tools, which may exchange them', async () => {
  const config = await load(
    withTools('{allow: ["git_*"], rename: {git_a: git_b, git_b: git_a}, describe: {git_a: A}}'),
  );
  expect(config.servers.get('git')?.tools).toEqual({
    allow: ['git_*'],
    deny: [],
    rename: { git_a: 'git_b', git_b: 'git_a' },
    describe: { git_a: 'A' },
  });
});

describe('what cannot be said of them together is said with its place', () => {
  it.each([
    ['{rename: {a: x, b: x}}', 'tooldex.yaml:2:54: "x" is the name of "a" already'],
    ['{rename: {a: "x y"}}', 'a tool name has letters'],
    [`{rename: {a: ${'x'.repeat(65)}}}`, 'at most 64 long'],
    ['{deny: ["de*"], rename: {delete: x}}', 'tooldex.yaml:2:60: "delete" does not exist'],
    ['{allow: [b], describe: {a: A}}', '"a" does not exist, because "allow" or "deny" keeps it out'],
    ['{describe: {a: ""}}', 'must not be empty'],
  ])('%s', async (body, message) => {
    expect((await problems(withTools(body))).join('\n')).toContain(message);
  });
});
