import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { buildMenu } from '../../../src/meta-tools/menu.ts';

const server = (index: number) => ({
  name: `server-${index}`,
  description: `Reads and writes things of kind ${index}, among many other things. More words follow.`,
});
const MENU_TOKENS_MAX = 550;

describe('menu', () => {
  it.each([0, 1, 6, 12, 40, 400, 5_000])('costs at most 550 o200k tokens with %i servers', (count) => {
    const menu = buildMenu(Array.from({ length: count }, (_, index) => server(index)));
    expect(menu.tools.map((tool) => tool.name)).toEqual(['search_mcp_server', 'add_mcp_server', 'use_tool']);
    expect(countTokens(JSON.stringify(menu.tools))).toBeLessThanOrEqual(MENU_TOKENS_MAX);
    expect(Buffer.byteLength(menu.instructions)).toBeLessThanOrEqual(2_000);
  });

  it('says what kinds of server are behind it, in the description and the instructions', () => {
    const menu = buildMenu([{ name: 'filesystem', description: 'Read and write files. Confined to one folder.' }]);
    expect(menu.tools[0]?.description).toContain('filesystem (Read and write files)');
    expect(menu.instructions).toContain('filesystem (Read and write files)');
  });

  it('counts the servers that it has no room to name', () => {
    const menu = buildMenu(Array.from({ length: 400 }, (_, index) => server(index)));
    const [, named = '', more = '0'] = /Servers: (.*) and (\d+) more\.$/.exec(menu.tools[0]?.description ?? '') ?? [];
    expect(named.split(', ').length + Number(more)).toBe(400);
  });

  it('is the same every time, so that prompt caches keep it', () => {
    expect(JSON.stringify(buildMenu([server(1)]))).toBe(JSON.stringify(buildMenu([server(1)])));
  });
});
