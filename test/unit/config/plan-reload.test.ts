import { describe, expect, it } from 'vitest';
import { describeReload, planReload, refuseStaticChanges } from '../../../src/config/plan-reload.ts';
import { load } from './config-files.ts';

/** Each file in a folder of its own, so folders that follow from it are pinned. */
const FOLDERS = 'data_dir: /d\ntools_root: /t\n';
const read = (text: string) => load(`${FOLDERS}${text}`);

async function plan(before: string, after: string) {
  return planReload(await read(before), await read(after));
}

const TWO = `servers:
  a: {command: /bin/a, cwd: /}
  b: {url: "https://b.example/mcp"}
`;

describe('a plan', () => {
  it('of the same servers in another order and other words changes nothing', async () => {
    const same = 'mcpServers:\n  b: {type: http, url: "https://b.example/mcp"}\nservers:\n  a: {cmd: /bin/a, cwd: /}\n';
    const found = await plan(TWO, same.replace('type: http, ', ''));
    expect(found).toMatchObject({ added: [], removed: [], changed: [], settings: [], refused: [] });
    expect([...found.unchanged].sort()).toEqual(['a', 'b']);
  });

  it('tells added, removed, changed and unchanged servers apart', async () => {
    const after = 'servers:\n  a: {command: /bin/a, args: [x], cwd: /}\n  c: {command: /bin/c, cwd: /}\n';
    expect(await plan(TWO, after)).toMatchObject({
      added: ['c'],
      removed: ['b'],
      changed: [{ name: 'a', restarts: true }],
      unchanged: [],
    });
  });

  it('sees another address of a remote server', async () => {
    const { changed } = await plan(TWO, TWO.replace('b.example', 'c.example'));
    expect(changed).toEqual([{ name: 'b', restarts: true }]);
  });

  it.each([
    ['a description', 'description: new words'],
    ['which tools there are', 'tools: {deny: [x]}'],
    ['how long a call may take', 'limits: {timeout: 5s}'],
  ])('restarts nothing for %s', async (_what, keys) => {
    const { changed } = await plan(TWO, TWO.replace('/bin/a', `/bin/a, ${keys}`));
    expect(changed).toEqual([{ name: 'a', restarts: false }]);
  });

  it('counts a server that is switched off as removed', async () => {
    expect(await plan(TWO, TWO.replace('/bin/a', '/bin/a, enabled: false'))).toMatchObject({ removed: ['a'] });
  });

  it('takes what searches answer with, and refuses where things are kept and listened', async () => {
    const found = await plan(TWO, `search: {limit: 9, store: {kind: chroma}}\nlisten: {port: 1}\n${TWO}`);
    expect(found).toMatchObject({ settings: ['search.limit'], refused: ['listen', 'search.store'] });
    expect(() => refuseStaticChanges(found)).toThrow('"listen", "search.store" cannot change while Tooldex runs');
  });

  it('takes how many tools the encoder is for, and refuses another embedder, by key where the kind is the same', async () => {
    const with_ = (embedder: string) => `search: {embedder: {${embedder}}}\n${TWO}`;
    const raised = await plan(TWO, with_('kind: builtin, encoder_max_tools: 30000'));
    expect(raised).toMatchObject({ settings: ['search.embedder.encoder_max_tools'], refused: [] });
    expect(describeReload(raised)).toContain('set search.embedder.encoder_max_tools');
    expect(await plan(TWO, with_('kind: builtin, encoder_max_tools: 8000'))).toMatchObject({
      settings: [],
      refused: [],
    });
    expect(await plan(TWO, with_('kind: static'))).toMatchObject({ settings: [], refused: ['search.embedder'] });
    const openai = (model: string) => with_(`kind: openai, url: "http://127.0.0.1:1/v1", model: ${model}`);
    expect((await plan(openai('a'), openai('b'))).refused).toEqual(['search.embedder.model']);
  });

  it('is one line for people', async () => {
    const after = 'search: {limit: 9}\nservers:\n  b: {url: "https://x.example/"}\n  c: {command: /c, cwd: /}\n';
    expect(describeReload(await plan(TWO, after))).toBe(
      'added c; removed a; changed b (restarts); set search.limit; 0 servers unchanged',
    );
  });
});
