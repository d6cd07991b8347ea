/** The reference servers of PyPI: installed once, locked by hash, then put to work without installer and index. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runCommand } from '../helpers/command.ts';
import { pythonInstallers } from '../helpers/python-index.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const SERVERS = {
  time: { command: 'uvx', args: ['mcp-server-time==2026.10.19'] },
  fetch: { command: 'uvx', args: ['mcp-server-fetch==2026.10.24', '--ignore-robots-txt', '--allow-private-ips'] },
  git: { command: 'pipx', args: ['run', '--spec', 'mcp-server-git==2026.10.19', 'mcp-server-git'], workspace: 'repo' },
};

async function pypiUnreachable(): Promise<string | undefined> {
  if (pythonInstallers().length === 0) return 'no Python';
  const index = process.env.PIP_INDEX_URL ?? 'https://pypi.org/simple/';
  const there = fetch(new URL('mcp/', index.replace(/\/*$/, '/')), { signal: AbortSignal.timeout(5_000) });
  const reason = await there.then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.ok ? undefined : `answers ${answer.status}`;
    },
    (error: Error) => `cannot be reached (${error.message})`,
  );
  if (reason !== undefined) process.stderr.write(`skipped: ${index} ${reason}\n`);
  return reason;
}

/** Nothing that could install, and no index if it could. */
function withoutInstallers(): NodeJS.ProcessEnv {
  const folder = tempDir('path');
  symlinkSync(execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim(), join(folder, 'git'));
  const nowhere = 'http://127.0.0.1:9/';
  return { ...process.env, PATH: folder, PIP_INDEX_URL: nowhere, UV_DEFAULT_INDEX: nowhere };
}

async function page(words: string): Promise<string> {
  const server = createServer((_, response) => void response.setHeader('content-type', 'text/plain').end(words));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it.skipIf(await pypiUnreachable())(
  'time, fetch and git tell the time, fetch a page and read a repository',
  async () => {
    const folder = tempDir('python-servers');
    const config = join(folder, 'tooldex.json');
    const dataDir = join(folder, 'data');
    writeFileSync(config, JSON.stringify({ servers: SERVERS }));
    const tooldex = async (env: NodeJS.ProcessEnv, ...words: string[]) => {
      const argv = [...words, '--config', config, '--data-dir', dataDir];
      const { code, stdout, stderr } = await runCommand(argv, env);
      expect({ code, err: code === 0 ? '' : stderr }).toEqual({ code: 0, err: '' });
      return stdout;
    };
    expect(await tooldex(process.env, 'index')).toMatch(/indexed time: 2 tools/);
    const packages = join(dataDir, 'packages', 'pypi');
    for (const name of readdirSync(packages).filter((each) => !each.startsWith('.'))) {
      const lock = readFileSync(join(packages, name, 'requirements.lock.txt'), 'utf8');
      expect(lock).toMatch(/^mcp==[\d.]+ --hash=sha256:\w{64}/m);
      for (const line of lock.trim().split('\n')) expect(line).toContain('--hash=sha256:');
    }

    const repo = join(dataDir, 'workspaces', 'repo');
    mkdirSync(repo, { recursive: true });
    execFileSync('git', ['init', '--quiet', repo]);
    writeFileSync(join(repo, 'poem.txt'), 'roses are red\n');
    const env = withoutInstallers();
    const call = (tool: string, params: object) => tooldex(env, 'call', tool, JSON.stringify(params));
    expect(await call('time:get_current_time', { timezone: 'Europe/Lisbon' })).toContain('Europe/Lisbon');
    expect(await call('fetch:fetch', { url: await page('violets are blue') })).toContain('violets are blue');
    expect(await call('git:git_status', { repo_path: repo })).toContain('poem.txt');
  },
);
