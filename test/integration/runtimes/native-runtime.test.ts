import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createRuntime, createRuntimeContext, type RuntimeContext } from '../../../src/runtimes/create-runtime.ts';
import type { NativeServer } from '../../../src/runtimes/native/native-runtime.ts';
import type { StopTimes } from '../../../src/runtimes/native/process-endpoint.ts';
import { processStart } from '../../../src/runtimes/native/process-table.ts';
import type { StdioEndpoint } from '../../../src/runtimes/runtime.ts';
import { bundled } from '../../helpers/bundled.ts';
import { gone, isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/processes/${name}.mjs`, import.meta.url));
const disposals: Array<() => Promise<void>> = [];

afterEach(async () => {
  await Promise.all(disposals.splice(0).map((dispose) => dispose()));
});

function contextIn(
  dataDir: string,
  env: Record<string, string> = { PATH: process.env.PATH ?? '' },
  stopTimes: StopTimes = { graceMs: 300, termMs: 300 },
): RuntimeContext {
  const context = createRuntimeContext({ dataDir, env, stopTimes });
  disposals.push(() => context.close());
  return context;
}

async function launch(
  server: Partial<NativeServer>,
  env?: Record<string, string>,
  stopTimes?: StopTimes,
): Promise<StdioEndpoint> {
  const endpoint = await createRuntime(nativeServer(server), contextIn(tempDir('runtimes'), env, stopTimes)).launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a process');
  disposals.unshift(() => endpoint.stop('the test ends'));
  return endpoint;
}

function nativeServer(server: Partial<NativeServer>) {
  return {
    runtime: 'native' as const,
    name: 'demo',
    command: process.execPath,
    args: [],
    env: {},
    cwd: process.cwd(),
    workspaceDir: undefined,
    ...server,
  };
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('its output ended without a line');
}

describe('a native server', () => {
  it('#54 sees the allow-list and its own entry, nothing else of the gateway', async () => {
    const gateway = {
      PATH: process.env.PATH ?? '',
      HOME: '/home/somebody',
      LC_ALL: 'C.UTF-8',
      GITHUB_TOKEN: 'ghp_secret',
      NODE_OPTIONS: '--no-warnings',
      HTTPS_PROXY: 'http://user:pass@proxy:3128',
      NO_PROXY: 'localhost',
    };
    const endpoint = await launch({ args: [fixture('last-words'), '0'], env: { API_KEY: `a"$b'c` } }, gateway);
    const { env } = JSON.parse(await firstLine(endpoint.output));
    expect(env).toEqual({
      PATH: gateway.PATH,
      HOME: '/home/somebody',
      LC_ALL: 'C.UTF-8',
      NO_PROXY: 'localhost',
      API_KEY: `a"$b'c`,
      TOOLDEX_INSTANCE: expect.stringMatching(/^([0-9a-f-]{36}\.)?[0-9a-f-]{36}$/),
    });
  });

  it('gets its arguments as they are, with no shell in between', async () => {
    const args = ['$(id)', '; rm -rf x', 'a b', '*', '"'];
    const endpoint = await launch({ args: [fixture('last-words'), '0', ...args] });
    expect(JSON.parse(await firstLine(endpoint.output)).argv).toEqual(args);
  });

  it('gets its workspace made, closed to other users', async () => {
    const workspaceDir = join(tempDir('workspaces'), 'all', 'demo');
    const endpoint = await launch({ args: [fixture('last-words')], cwd: workspaceDir, workspaceDir });
    expect(JSON.parse(await firstLine(endpoint.output)).cwd).toBe(workspaceDir);
    expect(statSync(workspaceDir).mode & 0o777).toBe(0o700);
  });

  it('#1 tells how it ended and what it said last, without control characters', async () => {
    const endpoint = await launch({ args: [fixture('last-words'), '7'] });
    expect(await endpoint.exited).toEqual({ code: 7, signal: null });
    expect(endpoint.stderrTail()).toEqual(['first', 'second line']);
  });

  it('#1 tells the signal that ended it', async () => {
    const endpoint = await launch({ args: ['-e', 'process.kill(process.pid, "SIGKILL")'] });
    expect(await endpoint.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('#8 floods stderr, and still answers on stdout', async () => {
    const endpoint = await launch({ args: [fixture('writes-stderr')] });
    const lines = createInterface({ input: endpoint.output });
    for (let round = 0; round < 20; round++) {
      endpoint.input.write(`ping ${round}\n`);
      expect((await once(lines, 'line'))[0]).toBe(`ping ${round}`);
    }
    expect(endpoint.stderrTail().join('').length).toBeLessThanOrEqual(16 * 1024);
    await endpoint.stop('enough');
    expect((await endpoint.exited).code === 0 || (await endpoint.exited).signal !== null).toBe(true);
  });

  it('#10 takes no one with it when it is written to after its end', async () => {
    const endpoint = await launch({ args: ['-e', ''] });
    await endpoint.exited;
    const failed = await new Promise((resolve) => {
      endpoint.input.write('x'.repeat(1 << 20), (error) => resolve(error));
    });
    expect(failed).toBeInstanceOf(Error);
    await endpoint.stop('over');
  });
});

describe('stopping a native server', () => {
  it('lets it go by itself when its input ends', async () => {
    const args = ['-e', 'process.stdin.resume().on("end", () => { process.exitCode = 5 })'];
    // It may have to start yet before it can hear of that.
    const endpoint = await launch({ args }, undefined, { graceMs: 60_000, termMs: 300 });
    await endpoint.stop('idle');
    expect(await endpoint.exited).toEqual({ code: 5, signal: null });
  });

  it('#11 kills one that ignores TERM, and resolves only then', async () => {
    const endpoint = await launch({ args: [fixture('ignores-term')] }, undefined, { graceMs: 50, termMs: 1_500 });
    expect(await firstLine(endpoint.output)).toBe('ready');
    await Promise.all([endpoint.stop('idle'), endpoint.stop('again')]);
    expect(isAlive(endpoint.pid ?? 0)).toBe(false);
    expect(await endpoint.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(endpoint.stderrTail()).toContain('not on TERM');
  });

  it('#11 leaves no grandchild', async () => {
    const endpoint = await launch({ args: [fixture('forks-grandchild')] });
    const grandchild = Number(await firstLine(endpoint.output));
    await endpoint.stop('idle');
    expect([endpoint.pid ?? 0, grandchild].filter(isAlive)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('#12 finds a grandchild that left the group', async () => {
    const endpoint = await launch({ args: [fixture('forks-grandchild'), 'detached'] });
    const grandchild = Number(await firstLine(endpoint.output));
    await endpoint.stop('idle');
    expect(isAlive(grandchild)).toBe(false);
  });

  it('#11 sweeps the group of one that crashed, without being asked', async () => {
    const endpoint = await launch({ args: [fixture('forks-grandchild'), 'exit'] });
    const grandchild = Number(await firstLine(endpoint.output));
    expect(await endpoint.exited).toEqual({ code: 3, signal: null });
    await gone([grandchild]);
  });

  it('after a signal that came too early leaves nothing', async () => {
    const context = contextIn(tempDir('runtimes'));
    const runtime = createRuntime(nativeServer({ args: [fixture('ignores-term')] }), context);
    await expect(runtime.launch(AbortSignal.abort(new Error('changed my mind')))).rejects.toThrow('changed my mind');
  });
});

describe('#3 a native server that cannot start', () => {
  it('names a command that is not on the PATH', async () => {
    await expect(launch({ command: 'no-such-command' })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: 'demo: cannot start no-such-command: it is not on the PATH',
      hint: expect.stringContaining('no-such-command'),
    });
  });

  it('names a file that is not there', async () => {
    await expect(launch({ command: '/no/such/file' })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('there is no such file'),
    });
  });

  it('says where arguments belong that were written behind the program', async () => {
    await expect(launch({ command: 'npx -y @scope/server' })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('there is no such program'),
      hint: expect.stringContaining('"args"'),
    });
  });

  it('names a file that may not be executed', async () => {
    const file = join(tempDir('plain'), 'server.sh');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o644);
    await expect(launch({ command: file })).rejects.toMatchObject({
      code: 'START_FAILED',
      hint: expect.stringContaining('chmod +x'),
    });
  });

  it('names a working directory that is not there, instead of blaming the command', async () => {
    await expect(launch({ cwd: '/no/such/folder' })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: 'demo: its working directory /no/such/folder is not there',
    });
  });

  it.skipIf(process.platform === 'win32')(
    'is started when files can be opened again, and says so while none can',
    async () => {
      const source = fileURLToPath(new URL('../../fixtures/processes/runs-out-of-files.ts', import.meta.url));
      const program = bundled(source, tempDir('files'));
      const few = spawn('/bin/sh', ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      expect(JSON.parse(await firstLine(few.stdout))).toEqual(['START_FAILED', 'started']);
      await once(few, 'close');
    },
  );

  it('names arguments that no system takes', async () => {
    await expect(launch({ args: ['a\0b'] })).rejects.toMatchObject({ code: 'START_FAILED' });
    await expect(launch({ args: ['x'.repeat(4 << 20)] })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('too long'),
    });
  });
});

describe.runIf(process.platform === 'linux')('#13 a gateway that is killed', () => {
  it('takes its servers with it within seconds, those that ignore TERM too', async () => {
    const owner = fileURLToPath(new URL('../../fixtures/processes/owns-a-server.ts', import.meta.url));
    const dir = tempDir('owner');
    const gateway = spawn(process.execPath, [bundled(owner, dir), dir, fixture('ignores-term')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(await firstLine(gateway.stdout));
    expect(processStart(pid)).toMatch(/^[0-9a-f-]+\/\d+$/);
    gateway.kill('SIGKILL');
    await gone([pid]);
    expect(processStart(pid)).toBeUndefined();
  });
});
