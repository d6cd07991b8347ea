import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway, type TestGateway } from './open-gateway.ts';

interface Changing extends TestGateway {
  readonly tools: (names: readonly string[]) => void;
}

async function openChanging(...further: readonly string[]): Promise<Changing> {
  const folder = tempDir();
  const file = join(folder, 'tools.json');
  // The server may read it at any moment, and finds it whole.
  const tools = (names: readonly string[]) => {
    writeFileSync(`${file}.draft`, JSON.stringify(names));
    renameSync(`${file}.draft`, file);
  };
  tools(['old_tool']);
  const args = ['--tools', file, ...further];
  const gateway = await openTestGateway({ it: { fixture: 'changes-its-tools', args } });
  await gateway.call('add_mcp_server', { mcp_server_name: 'it' });
  return { ...gateway, tools };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a server whose tools change (#38)', () => {
  it('is listed again, once, after a storm of announcements (#20)', async () => {
    const { gateway, call, tools } = await openChanging();
    const { catalog } = await gateway.open();
    const before = catalog.listing('it')?.listedAt ?? 0;
    tools(['new_tool']);
    expect((await call('use_tool', { tool: 'it:announce', params: { times: 1_000 } })).isError).toBe(false);
    await until(() => catalog.toolNames('it').includes('new_tool'));
    expect(catalog.toolNames('it')).not.toContain('old_tool');
    expect(catalog.listing('it')?.listedAt).toBeGreaterThan(before);
    expect((await call('use_tool', { tool: 'it:new_tool' })).text).toBe('ran new_tool');
    expect((await call('search_mcp_server', { task_description: 'new tool' })).text).toContain('new_tool');
  });

  it.each(['legacy', 'modern'])('is heard when it announces them after its answer, too (#38, %s)', async (era) => {
    const { gateway, call, tools } = await openChanging('--era', era);
    const { catalog } = await gateway.open();
    const when = join(tempDir(), 'when');
    expect((await call('use_tool', { tool: 'it:announce', params: { when } })).isError).toBe(false);
    tools(['new_tool']);
    writeFileSync(when, '');
    await until(() => catalog.toolNames('it').includes('new_tool'));
    expect((await call('search_mcp_server', { task_description: 'new tool' })).text).toContain('new_tool');
  });

  it('is listed again when it no longer knows a tool that was called', async () => {
    const { gateway, call, tools } = await openChanging();
    const { catalog } = await gateway.open();
    tools(['new_tool']);
    const gone = await call('use_tool', { tool: 'it:old_tool' });
    expect(gone).toMatchObject({ isError: true, text: expect.stringContaining('UPSTREAM_ERROR') });
    await until(() => catalog.toolNames('it').includes('new_tool'));
    const unknown = await call('use_tool', { tool: 'it:old_tool' });
    expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining('TOOL_UNKNOWN') });
    expect(unknown.text).toContain('add_mcp_server lists this server anew');
  });
});
