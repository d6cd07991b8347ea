/** `tag:x` in profiles and access rules stands for what the servers' entries put behind it. */
import { describe, expect, it } from 'vitest';
import { load, problems } from './config-files.ts';

const SERVERS = [
  'servers:',
  '  git: {command: /bin/git, tags: [code, internal]}',
  '  play: {command: /bin/play, tags: [web]}',
  '  files: {command: /bin/files, tools: {tags: {"read_*": [reader, code], list: [reader]}}}',
  '',
].join('\n');
const withProfile = (body: string) => `${SERVERS}profiles:\n  p: ${body}\n`;
const withRule = (body: string) => `${SERVERS}auth: {api_keys: true}\naccess: {rules: [{for: ["*"], ${body}}]}\n`;

it('in a profile', async () => {
  const text = withProfile(
    '{servers: [files, "tag:code", "tag:w*"], tools: {allow: ["tag:code"], deny: ["tag:reader"]}}',
  );
  expect((await load(text)).profiles.get('p')).toMatchObject({
    servers: ['files', 'git', 'play'],
    tools: { allow: ['git:*', 'files:read_*'], deny: ['files:read_*', 'files:list'] },
  });
});

it('in an access rule, where a tag of tools opens no whole server', async () => {
  const { access } = await load(
    withRule('servers: ["tag:reader", "tag:web"], tools: ["tag:reader", x], deny: ["tag:web"]'),
  );
  expect(access.rules?.rules[0]).toMatchObject({
    servers: ['play'],
    tools: ['files:read_*', 'files:list', 'x'],
    deny: ['play:*'],
  });
});

describe('what is wrong with a tag is said with its place', () => {
  it.each([
    [withProfile('{servers: ["tag:wbe"]}'), 'tooldex.yaml:6:17: nothing has the tag "wbe" — did you mean "web"?'],
    [withProfile('{servers: [git], tools: {deny: ["tag:nothing"]}}'), 'nothing has the tag "nothing"'],
    [withRule('servers: ["tag:cod"]'), 'tooldex.yaml:6:41: nothing has the tag "cod" — did you mean "code"?'],
    ['servers: {a: {command: x, tags: ["a b"]}}', 'a tag has letters, digits'],
    ['servers: {tag: {command: x}}', 'no server can be called "tag"'],
  ])('%s', async (text, message) => {
    expect((await problems(text)).join('\n')).toContain(message);
  });
});
