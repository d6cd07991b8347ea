/** Native servers within the limits and the sandbox of their entries, by what the system then lets them do. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createRuntime,
  createRuntimeContext,
  type RuntimeContextOptions,
} from '../../../src/runtimes/create-runtime.ts';
import type { NativeServer } from '../../../src/runtimes/native/native-runtime.ts';
import type { StdioEndpoint } from '../../../src/runtimes/runtime.ts';
import { gone } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/processes/tries-the-machine.mjs', import.meta.url));
const disposals: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

async function launch(
  server: Partial<NativeServer>,
  env: Record<string, string> = {},
  gateway: Partial<RuntimeContextOptions> = {},
): Promise<StdioEndpoint> {
  const context = createRuntimeContext({
    dataDir: tempDir('runtimes'),
    env: { PATH: process.env.PATH ?? '', ...env },
    stopTimes: { graceMs: 300, termMs: 300 },
    ...gateway,
  });
  disposals.unshift(() => context.close());
  const entry = {
    name: 'demo',
    command: process.execPath,
    args: [FIXTURE],
    env: {},
    cwd: '/',
    workspaceDir: undefined,
  };
  const endpoint = await createRuntime({ runtime: 'native', ...entry, ...server }, context).launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a process');
  disposals.unshift(() => endpoint.stop('the test ends'));
  return endpoint;
}

async function firstWords(endpoint: StdioEndpoint) {
  for await (const line of createInterface({ input: endpoint.output })) return JSON.parse(line);
  throw new Error(`it said nothing but ${endpoint.stderrTail().join('\n')}`);
}

/** A home with a secret, a place to write outside of the workspace, and the workspace. */
function machine() {
  const root = tempDir('machine');
  const home = join(root, 'home');
  const workspaceDir = join(root, 'workspace');
  for (const folder of [home, workspaceDir]) mkdirSync(folder);
  writeFileSync(join(home, 'secret'), 'x');
  const paths = [join(home, 'secret'), join(root, 'outside'), workspaceDir];
  return { root, home, workspaceDir, env: { PATHS: JSON.stringify(paths) } };
}

describe.skipIf(process.platform === 'win32')('limits of a native server', () => {
  it('hold for it as the system counts, and it stays the leader of its group', async () => {
    const { env } = machine();
    const processLimits = { files: 77, processes: 5000, cpuSeconds: 60, memoryBytes: 2 ** 31 };
    const endpoint = await launch({ env, processLimits });
    const said = await firstWords(endpoint);
    expect(said.limits).toMatchObject({
      'open files': '77',
      processes: '5000',
      'cpu time': '60',
      'data size': String((2 << 30) >>> 0),
    });
    expect(said.leader).toBe(endpoint.pid);
  });

  it('end one that hoards memory, not the machine', async () => {
    const { env } = machine();
    const endpoint = await launch({ env, args: [FIXTURE, 'hoards'], processLimits: { memoryBytes: 1 << 30 } });
    endpoint.output.resume();
    const { code, signal } = await endpoint.exited;
    expect(code === 0 && signal === null).toBe(false);
  });

  it('do not hide that the program is missing', async () => {
    await expect(launch({ command: 'no-such-program', processLimits: { files: 64 } })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: 'demo: cannot start no-such-program: it is not on the PATH',
    });
  });

  it('pass arguments on as they are', async () => {
    const args = [
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)));process.stdin.resume()',
      '--',
      '$(id)',
      'a b',
      '"',
    ];
    const endpoint = await launch({ args, processLimits: { files: 64 } });
    expect(await firstWords(endpoint)).toEqual(['$(id)', 'a b', '"']);
  });
});

/** Needs the program and the right to make namespaces, which some containers do not have. */
function hasBubblewrap(): boolean {
  try {
    execFileSync('bwrap', ['--ro-bind', '/', '/', '--unshare-pid', '--proc', '/proc', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('skipped: bubblewrap is not there or may make no namespaces\n');
    return false;
  }
}

describe.skipIf(!hasBubblewrap())('a native server in bubblewrap', () => {
  it('writes to its workspace, and neither writes elsewhere nor sees the home', async () => {
    const { root, home, workspaceDir, env } = machine();
    const there = { sandbox: 'bubblewrap', env, workspaceDir, cwd: workspaceDir } as const;
    const said = await firstWords(await launch(there, { HOME: home }));
    expect(said).toMatchObject({ read: 'ENOENT', workspace: 'done' });
    expect(existsSync(join(workspaceDir, 'made'))).toBe(true);
    expect(existsSync(join(root, 'outside'))).toBe(false);
  });

  it('without it could do all of that: the test would notice', async () => {
    const { root, home, workspaceDir, env } = machine();
    const said = await firstWords(await launch({ env, workspaceDir, cwd: workspaceDir }, { HOME: home }));
    expect(said).toMatchObject({ read: 'done', write: 'done', workspace: 'done' });
    expect(existsSync(join(root, 'outside'))).toBe(true);
  });

  it('#11 is gone after its stop, with what it started', async () => {
    const { home, workspaceDir } = machine();
    const script = "const c=require('child_process').spawn('sleep',['600']);console.log(1);process.stdin.resume()";
    const there = { sandbox: 'bubblewrap', workspaceDir, cwd: workspaceDir, args: ['-e', script] } as const;
    const endpoint = await launch({ ...there, processLimits: { files: 99 } }, { HOME: home });
    expect(await firstWords(endpoint)).toBe(1);
    await endpoint.stop('done');
    await gone([endpoint.pid ?? 0]);
  });

  it('runs what its command line names in the home, and only that', async () => {
    const { home, workspaceDir, env } = machine();
    const script = join(home, 'tools', 'server.mjs');
    mkdirSync(join(home, 'tools'));
    writeFileSync(
      script,
      `import { existsSync } from 'node:fs';\nconsole.log(JSON.stringify(existsSync(${JSON.stringify(join(home, 'secret'))})));process.stdin.resume();\n`,
    );
    const endpoint = await launch(
      { sandbox: 'bubblewrap', env, workspaceDir, cwd: workspaceDir, args: [script] },
      { HOME: home },
    );
    expect(await firstWords(endpoint)).toBe(false);
  });

  it.each([
    ['a folder', false],
    ['a link', true],
  ])('sees nothing of the gateway itself, in %s anywhere, but its own package and workspace', async (_, isLink) => {
    const { root, home, workspaceDir: elsewhere } = machine();
    const dataDir = join(root, 'data');
    if (isLink) {
      mkdirSync(join(root, 'disk'));
      symlinkSync(join(root, 'disk'), dataDir);
    }
    // Bubblewrap makes no place to write behind a link.
    const workspaceDir = isLink ? elsewhere : join(dataDir, 'workspaces', 'demo');
    const script = join(dataDir, 'packages', 'demo', 'server.mjs');
    const [config, database, other] = [join(root, 'tooldex.yaml'), join(dataDir, 'catalog.db'), join(root, 'other')];
    for (const folder of [workspaceDir, join(script, '..')]) mkdirSync(folder, { recursive: true });
    for (const file of [config, database, other]) writeFileSync(file, 'secret');
    writeFileSync(
      script,
      `import { readFileSync, writeFileSync } from 'node:fs';
      const read = (file) => { try { return readFileSync(file, 'utf8') } catch (error) { return error.code } };
      writeFileSync(${JSON.stringify(join(workspaceDir, 'made'))}, 'x');
      console.log(JSON.stringify(${JSON.stringify([config, database, other])}.map(read)));process.stdin.resume();\n`,
    );
    const there = { sandbox: 'bubblewrap', cwd: root, args: [script], workspaceDir } as const;
    const said = await firstWords(await launch(there, { HOME: home }, { dataDir, configFiles: [config] }));
    expect(said).toEqual([expect.not.stringContaining('secret'), 'ENOENT', 'secret']);
    expect(existsSync(join(workspaceDir, 'made'))).toBe(true);
  });

  it('is refused where bubblewrap is missing, never started without', async () => {
    await expect(launch({ sandbox: 'bubblewrap' }, { PATH: tempDir('empty') })).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      hint: expect.stringContaining('apt install bubblewrap'),
    });
  });
});
