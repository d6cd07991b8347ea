/** config/examples/profiles.yaml as it stands: its servers are installed from npm, and its two agents do what they are for. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, runCli, serveGateway } from '../helpers/cli.ts';
import { connectClient } from '../helpers/mcp-client.ts';
import { npmUnreachable } from '../helpers/npm-reachable.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const config = fileURLToPath(new URL('../../config/examples/profiles.yaml', import.meta.url));
const place = makeTempDir('example');
const flags = ['--config', config, '--data-dir', join(place.path, 'data')];
const workspace = join(place.path, 'data', 'workspaces', 'code');
const SUM = JSON.stringify({ code: 'console.log(6 * 7)', languageId: 'javascript' });

it('loads, and says what it would serve', async () => {
  const { code, stdout } = await runCli(['check', ...flags, '--json']);
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    {
      profiles: [
        { name: 'write-code', exposure: 'discovery', servers: ['filesystem', 'git', 'playwright', 'code'] },
        { name: 'review-code', exposure: 'direct', servers: ['filesystem', 'git', 'code', 'github'] },
      ],
    },
  ]);
});

const unreachable = await npmUnreachable();

describe.skipIf(unreachable)('its two agents', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    const indexed = await runCli(['index', '--json', ...flags], {
      env: { npm_config_logs_dir: join(place.path, 'npm-logs') },
    });
    expect(indexed).toMatchObject({ code: 0 });
    mkdirSync(workspace, { recursive: true });
    writeFileSync(join(workspace, 'poem.txt'), 'roses are red\n');
    const git = (...args: string[]) => promisify(execFile)('git', ['-C', workspace, ...args]);
    await git('init', '-q');
    await git('add', '.');
    await git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '-q', '-m', 'a poem');
    writeFileSync(join(workspace, 'poem.txt'), 'roses are blue\n');
    // The server for code leaves a file in the temporary folder at each run.
    const temporary = join(place.path, 'tmp');
    mkdirSync(temporary);
    gateway = await serveGateway(flags, { env: { TMPDIR: temporary } });
  }, 400_000);

  afterAll(async () => {
    await gateway?.stop();
    await rm(place.path, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  const connect = (profile: string) => connectClient('v2-auto', new URL(`/mcp/${profile}`, gateway.url));

  it('one writes code: it finds what runs code and what drives a browser, and runs code', {
    timeout: 120_000,
  }, async () => {
    await using client = await connect('write-code');
    expect((await client.listTools()).map(({ name }) => name)).toContain('use_tool');
    const find = async (task: string) =>
      (await client.callTool('search_mcp_server', { task_description: task })).content[0]?.text ?? '';
    expect(await find('run a snippet of JavaScript')).toMatch(/^## code [\s\S]*- run-code/m);
    expect(await find('take a screenshot of a web page')).toContain('- browser_take_screenshot');
    expect(await find('read a pull request on GitHub')).not.toContain('get_pull_request');
    const ran = await client.callTool('use_tool', { tool: 'code:run-code', params: JSON.parse(SUM) });
    expect(ran.content[0]?.text).toContain('42');
    const denied = await client.callTool('use_tool', { tool: 'git:git_push', params: {} });
    expect(denied.content[0]?.text).toContain('TOOL_UNKNOWN');
  });

  it('one reviews code: it sees the changes, runs code, and cannot write', { timeout: 120_000 }, async () => {
    await using client = await connect('review-code');
    const names = (await client.listTools()).map(({ name }) => name);
    expect(names).toHaveLength(13);
    expect(names).toEqual(expect.arrayContaining(['show_changes', 'run-code', 'get_pull_request_files']));
    const changes = await client.callTool('show_changes', { path: workspace });
    expect(JSON.stringify(changes.content)).toContain('roses are blue');
    expect((await client.callTool('run-code', JSON.parse(SUM))).content[0]?.text).toContain('42');
    await expect(client.callTool('write_file', { path: 'x', content: 'y' })).rejects.toThrow('Unknown tool');
  });
});
