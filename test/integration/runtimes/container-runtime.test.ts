import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerServer } from '../../../src/runtimes/container/container-options.ts';
import { createRuntime, createRuntimeContext, type RuntimeContext } from '../../../src/runtimes/create-runtime.ts';
import type { Runtime } from '../../../src/runtimes/runtime.ts';
import { tapping } from '../../../src/runtimes/tapping.ts';
import { bundled } from '../../helpers/bundled.ts';
import { engineForTests, importNodeImage, notedRuntime } from '../../helpers/container-engine.ts';
import { imageRegistry } from '../../helpers/image-registry.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const docker = await engineForTests();
const noted = await notedRuntime(docker);
const IMAGE = `tooldex-test-${process.pid}`;
const SCRIPT = '/app/tells-its-limits.mjs';
const disposals: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

function contextIn(dataDir: string, env: NodeJS.ProcessEnv = process.env): RuntimeContext {
  const context = createRuntimeContext({
    dataDir,
    env,
    stopTimes: { graceMs: 500, termMs: 1_000 },
    generation: () => 3,
  });
  disposals.push(() => context.close());
  return context;
}

function containerServer(server: Partial<ContainerServer>) {
  return {
    runtime: 'container' as const,
    name: 'demo',
    image: IMAGE,
    args: [SCRIPT],
    env: {},
    network: 'none',
    memoryBytes: 256 << 20,
    cpus: 1,
    pidsMax: 64,
    user: undefined,
    mounts: [],
    workspaceDir: undefined,
    ...server,
  };
}

async function launch(server: Partial<ContainerServer> = {}, wrapped = (runtime: Runtime) => runtime) {
  const runtime = createRuntime(containerServer(server), contextIn(tempDir('data')));
  const endpoint = await wrapped(runtime).launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a container');
  disposals.unshift(() => endpoint.stop('the test ends'));
  return endpoint;
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('its output ended without a line');
}

const isRootless = async () => {
  const info = (await docker?.info()) as { Rootless?: boolean; SecurityOptions?: string[] };
  return info.Rootless === true || (info.SecurityOptions ?? []).some((option) => option.includes('rootless'));
};

/** A rootless engine cannot where the machine has cgroup v1 only. */
async function keepsLimits(): Promise<boolean> {
  const info = (await docker?.info()) as { Rootless?: boolean; CgroupVersion?: string };
  return info.Rootless !== true || info.CgroupVersion !== '1';
}

const runningOf = async (server: string) =>
  docker?.listContainers({ all: true, filters: { label: [`io.tooldex.server=${server}`] } }) ?? [];

describe.skipIf(!docker)('a container', () => {
  beforeAll(async () => {
    if (docker) await importNodeImage(docker, IMAGE, 'tells-its-limits.mjs');
  });

  afterAll(async () => {
    await docker?.getImage(IMAGE).remove({ force: true });
  });

  it('may do as little as possible', async () => {
    const endpoint = await launch({ args: [SCRIPT, 'a b', '$(id)', '--privileged'], env: { GREETING: 'one\ntwo=3' } });
    expect(JSON.parse(await firstLine(endpoint.output))).toEqual({
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      root: 'EROFS',
      temporary: 'written',
      networks: [],
      user: (await isRootless()) ? '0:0' : '65534:65534',
      env: 'one\ntwo=3',
      argv: ['a b', '$(id)', '--privileged'],
    });
    const [listed] = await runningOf('demo');
    const { HostConfig } = (await docker?.getContainer(listed?.Id ?? '').inspect()) ?? {};
    if (await keepsLimits())
      expect(HostConfig).toMatchObject({ Memory: 256 << 20, MemorySwap: 256 << 20, NanoCpus: 1e9, PidsLimit: 64 });
    expect(listed?.Labels).toMatchObject({
      'io.tooldex.gateway': expect.stringMatching(`^${process.pid}@.+/\\d+$`),
      'io.tooldex.generation': '3',
    });
  });

  it('has its workspace at the same path, writable and made for it', async () => {
    const workspaceDir = join(tempDir('workspaces'), 'demo');
    const mounts = [{ source: workspaceDir, target: workspaceDir, readOnly: false }];
    const endpoint = await launch({ mounts, workspaceDir, env: { WORKSPACE: workspaceDir } });
    expect(JSON.parse(await firstLine(endpoint.output))).toMatchObject({ workspace: 'written' });
    expect(statSync(workspaceDir).mode & 0o777).toBe(0o700);
  });

  it.runIf(process.getuid?.() === 0)('is nobody in a workspace that root made for it, also the next time', async () => {
    const workspaceDir = join(tempDir('workspaces'), 'demo');
    const mounts = [{ source: workspaceDir, target: workspaceDir, readOnly: false }];
    for (const user of [undefined, '65534:65534', undefined]) {
      const endpoint = await launch({ mounts, workspaceDir, env: { WORKSPACE: workspaceDir }, user });
      expect(JSON.parse(await firstLine(endpoint.output))).toMatchObject({ workspace: 'written', user: '65534:65534' });
    }
    expect(statSync(workspaceDir)).toMatchObject({ uid: 65534, gid: 65534 });
  });

  it.runIf(process.getuid?.() === 0)(
    'runs as the user that is asked for, who can write to a workspace of that user',
    async () => {
      const workspaceDir = join(tempDir('workspaces'), 'demo');
      mkdirSync(workspaceDir, { mode: 0o700 });
      chownSync(workspaceDir, 1234, 1235);
      const mounts = [{ source: workspaceDir, target: workspaceDir, readOnly: false }];
      const env = { WORKSPACE: workspaceDir };
      const theirs = await launch({ mounts, workspaceDir, env, user: '1234:1235' });
      expect(JSON.parse(await firstLine(theirs.output))).toMatchObject({
        workspace: 'written',
        temporary: 'written',
        user: '1234:1235',
      });
      const nobody = await launch({ mounts, workspaceDir, env, user: '4321' });
      expect(JSON.parse(await firstLine(nobody.output))).toMatchObject({ workspace: 'EACCES', user: '4321:0' });
    },
  );

  it('may not write to a mount that is for reading', async () => {
    const folder = tempDir('books');
    const endpoint = await launch({
      mounts: [{ source: folder, target: '/books', readOnly: true }],
      env: { WORKSPACE: '/books' },
    });
    expect(JSON.parse(await firstLine(endpoint.output))).toMatchObject({ workspace: 'EROFS' });
  });

  it('speaks through its streams as a process does, stderr apart', async () => {
    const endpoint = await launch();
    const lines = createInterface({ input: endpoint.output });
    await once(lines, 'line');
    for (const message of ['{"a":1}', 'ümläut 😀', 'x'.repeat(300_000)]) {
      endpoint.input.write(`${message}\n`);
      expect((await once(lines, 'line'))[0]).toBe(message);
    }
    await endpoint.stop('done');
    expect(await endpoint.exited).toEqual({ code: 4, signal: null });
    expect(endpoint.stderrTail()).toContain('echoed');
  });

  it('is heard on stderr under its own name, secrets masked', async () => {
    const said: string[] = [];
    const redact = (text: string) => text.replaceAll('licence', '***');
    const say = (instance: string, line: string) => said.push(`${instance}: ${line}`);
    const endpoint = await launch({ name: 'heard', args: [SCRIPT, 'exits'] }, (runtime) =>
      tapping(runtime, { redact, say }),
    );
    await endpoint.exited;
    expect(endpoint.instance).toMatch(/^container [0-9a-f]{12}$/);
    await expect.poll(() => said).toEqual([`${endpoint.instance}: no *** found`]);
  });

  it('waits for a slow reader, and loses nothing', async () => {
    const endpoint = await launch({ args: [SCRIPT, 'writes'] });
    let count = 0;
    for await (const line of createInterface({ input: endpoint.output })) {
      if (line === '0123456789abcde') count++;
      if (count === 500_000) break;
    }
    expect(count).toBe(500_000);
  });

  it('#14 is gone after its stop, also when it ignores the end of its input and TERM', async () => {
    const endpoint = await launch({ name: 'stubborn', args: [SCRIPT, 'stays'] });
    await firstLine(endpoint.output);
    expect(await runningOf('stubborn')).toHaveLength(1);
    await Promise.all([endpoint.stop('idle'), endpoint.stop('again')]);
    expect(await runningOf('stubborn')).toEqual([]);
    expect((await endpoint.exited).code).toBe(137);
  });

  it('#16 that exits early tells its code and its last words', async () => {
    const endpoint = await launch({ name: 'early', args: [SCRIPT, 'exits'] });
    expect(await endpoint.exited).toEqual({ code: 9, signal: null });
    expect(endpoint.stderrTail()).toEqual(['no licence found']);
    await endpoint.stop('over');
    expect(await runningOf('early')).toEqual([]);
  });

  it('#16 that cannot be started says why, and leaves nothing', async () => {
    await expect(launch({ name: 'bare', user: 'nobody-here' })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('nobody-here'),
      hint: expect.stringContaining('"user"'),
    });
    expect(await runningOf('bare')).toEqual([]);
  });

  it('#53 is refused the socket of the engine', async () => {
    const socket = join(tempDir('engine'), 'docker.sock');
    const listener = createServer().listen(socket);
    disposals.push(() => new Promise((closed) => listener.close(closed)));
    await once(listener, 'listening');
    await expect(launch({ mounts: [{ source: socket, target: '/s', readOnly: true }] })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
    });
  });

  it('#13 of a gateway that was killed is removed by the next one, and no other', async () => {
    const dataDir = tempDir('owner');
    const owner = fileURLToPath(new URL('../../fixtures/processes/owns-a-container.ts', import.meta.url));
    const gateway = spawn(process.execPath, [bundled(owner, dataDir), dataDir, IMAGE, SCRIPT, 'stays'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_PATH: resolve('node_modules') },
    });
    const id = await firstLine(gateway.stdout);
    disposals.push(async () =>
      docker
        ?.getContainer(id)
        .remove({ force: true })
        .catch(() => undefined),
    );
    const other = createRuntime(containerServer({ name: 'neighbour' }), contextIn(dataDir));
    const neighbour = await other.launch();
    expect((await runningOf('owned')).map(({ Id }) => Id)).toEqual([id]);

    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    await contextIn(dataDir).engine.connect();
    expect(await runningOf('owned')).toEqual([]);
    expect(await runningOf('neighbour')).toHaveLength(1);
    if (neighbour.kind === 'stdio') await neighbour.stop('done');
  });

  it('#15 whose image takes long goes on being pulled when the caller gives up, once for all', async () => {
    const registry = await imageRegistry();
    const image = `${registry.host}/slow`;
    const runtime = createRuntime(containerServer({ image }), contextIn(tempDir('data')));
    const impatient = new AbortController();
    const first = runtime.prepare(undefined, impatient.signal);
    await registry.asked;
    impatient.abort(new Error('too slow'));
    await expect(first).rejects.toThrow('too slow');
    const progress: string[] = [];
    const others = [1, 2, 3].map(() => runtime.prepare((message) => progress.push(message)));
    registry.release();
    await Promise.all(others);
    disposals.push(async () => docker?.getImage(image).remove({ force: true }));
    expect(progress).toContain(`pulling ${image}:latest`);
    expect(registry.manifestRequests()).toBeLessThanOrEqual(2);
    await runtime.prepare(() => expect.unreachable('the image is there'));
  });

  it('whose registry wants credentials is pulled with those of its entry, and refused without', async () => {
    const registry = await imageRegistry({ needsLogin: true });
    registry.release();
    const image = `${registry.host}/slow`;
    const runtime = (auth?: ContainerServer['registryAuth']) =>
      createRuntime(containerServer({ image, registryAuth: auth }), contextIn(tempDir('data')));
    await expect(runtime().prepare()).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining('the registry refuses access'),
    });
    await runtime({ username: 'me', password: 'a:b' }).prepare();
    disposals.push(async () => docker?.getImage(image).remove({ force: true }));
    expect(registry.lastCredentials()).toBe('me:a:b');
  });

  it.runIf(noted)('runs with the OCI runtime of its entry', async () => {
    const before = await launch({ name: 'plain' });
    const endpoint = await launch({ name: 'classy', runtimeClass: 'noted-runc' });
    for (const each of [before, endpoint]) await firstLine(each.output);
    const [[plain], [classy]] = [await runningOf('plain'), await runningOf('classy')];
    const asked = readFileSync(noted?.log ?? '', 'utf8');
    expect(asked).toMatch(new RegExp(`create .*${classy?.Id}`));
    expect(asked).not.toContain(plain?.Id);
  });

  it('is refused when the engine has no OCI runtime of that name, or takes none, and leaves nothing', async () => {
    await expect(launch({ name: 'classless', runtimeClass: 'no-such-runtime' })).rejects.toMatchObject({
      code: 'START_FAILED',
      hint: expect.stringContaining('runtime_class'),
    });
    expect(await runningOf('classless')).toEqual([]);
  });

  it('#16 whose image does not exist says so', async () => {
    const { host } = await imageRegistry();
    await expect(launch({ image: `${host}/none:1` })).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining('there is no such image'),
    });
  });

  it('#16 whose registry is down says so', async () => {
    await expect(launch({ image: '127.0.0.1:9/none' })).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining('the registry cannot be reached'),
    });
  });

  it('#33 whose pull is under way does not hold up the end of the gateway', async () => {
    const registry = await imageRegistry();
    const context = contextIn(tempDir('data'));
    const pulling = createRuntime(containerServer({ image: `${registry.host}/slow` }), context).prepare();
    void registry.asked.then(() => context.close());
    await expect(pulling).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

describe('#16 a container engine', () => {
  it('that is not there is named', async () => {
    const DOCKER_HOST = `unix://${join(tempDir('engine'), 'docker.sock')}`;
    const runtime = createRuntime(containerServer({}), contextIn(tempDir('data'), { DOCKER_HOST }));
    await expect(runtime.launch()).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: `there is no container engine at ${DOCKER_HOST}`,
      hint: expect.stringContaining('Install Docker or Podman'),
    });
  });

  it('that does not run is told from one that is not there', async () => {
    const runtime = createRuntime(
      containerServer({}),
      contextIn(tempDir('data'), { DOCKER_HOST: 'tcp://127.0.0.1:9' }),
    );
    await expect(runtime.launch()).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: 'the container engine at 127.0.0.1:9 does not answer (ECONNREFUSED)',
    });
  });

  it('that is asked for in a way that we cannot follow is not guessed', async () => {
    const runtime = createRuntime(containerServer({}), contextIn(tempDir('data'), { DOCKER_HOST: 'ssh://me@host' }));
    await expect(runtime.launch()).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      hint: expect.stringContaining('ssh -L'),
    });
  });
});
