/** Servers and tools chosen by their tags, over real servers: in profiles, in access rules, after a reload. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { bearer, serveWithAccess } from './serve-access.ts';

const tagged = (keys: JsonObject) => ({ fixture: 'well-behaved', keys });
const HEADERS = { 'content-type': 'application/json' };

it('a tag opens what has it, and following the file what has it now', async () => {
  const servers = {
    sums: tagged({ tags: ['calc'], tools: { allow: ['add', 'echo'] } }),
    words: tagged({ tools: { allow: ['echo', 'fail'], tags: { 'ec*': ['talk'] } } }),
    other: tagged({}),
  };
  const served = await serveWithAccess(servers, {
    auth: { api_keys: true },
    access: {
      rules: [
        { for: ['key:root'], admin: true },
        { for: ['key:ada'], tools: ['tag:talk'], profiles: ['p'] },
        { for: ['key:bob'], servers: ['*'], deny: ['tag:calc', 'tag:talk'] },
      ],
    },
    profiles: { p: { servers: ['*'], tools: { allow: ['tag:calc', 'tag:talk'] }, exposure: 'direct' } },
  });
  const [root, ada, bob] = ['root', 'ada', 'bob'].map((name) => bearer(served.key(name)));
  const toolsAt = async (path: string, headers: Record<string, string> = {}) => {
    const { status, text } = await served.rpc(path, { method: 'tools/list' }, headers);
    if (status !== 200) return status;
    return (JSON.parse(text).result.tools as { name: string }[]).map(({ name }) => name);
  };
  expect(await toolsAt('/mcp/p', root)).toEqual(['sums_echo', 'add', 'words_echo']);
  expect(await toolsAt('/mcp/p', ada)).toEqual(['echo']);
  expect(await toolsAt('/mcp/words', ada)).toEqual(['echo']);
  expect(await toolsAt('/mcp/sums', ada)).toBe(404);
  expect(await toolsAt('/mcp/sums', bob)).toBe(404);
  expect(await toolsAt('/mcp/words', bob)).toEqual(['fail']);
  const listed = JSON.parse((await served.ask('/api/servers', { headers: root ?? {} })).text);
  expect(listed.servers).toMatchObject([{ name: 'sums', tags: ['calc'] }, { tags: [] }, { tags: [] }]);

  const { file } = served.config.source;
  const config = JSON.parse(readFileSync(file, 'utf8')) as { servers: Record<string, JsonObject> };
  config.servers.other = { ...config.servers.other, tags: ['calc'], tools: { allow: ['image'] } };
  writeFileSync(file, JSON.stringify(config));
  const reloaded = await served.ask('/api/reload', { method: 'POST', headers: { ...HEADERS, ...root } });
  expect(JSON.parse(reloaded.text)).toMatchObject({
    plan: { changed: [{ name: 'other', restarts: false }], settings: ['profiles', 'access.rules'] },
  });
  expect(await toolsAt('/mcp/p', root)).toEqual(['sums_echo', 'add', 'words_echo', 'image']);
  expect(await toolsAt('/mcp/other', bob)).toBe(404);
});
