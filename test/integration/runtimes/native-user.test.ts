/** Native servers as another user, by what the system then says of them and lets them do. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createRuntime, createRuntimeContext } from '../../../src/runtimes/create-runtime.ts';
import type { NativeServer } from '../../../src/runtimes/native/native-runtime.ts';
import type { StdioEndpoint } from '../../../src/runtimes/runtime.ts';
import { bundled } from '../../helpers/bundled.ts';
import { descendants, gone } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const isRoot = process.getuid?.() === 0;
const disposals: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

/** Another user may pass through it. */
function passableDir(label: string): string {
  const folder = tempDir(label);
  chmodSync(folder, 0o711);
  return folder;
}

/** Says who it is, whether it may make files in the folders of its arguments, and what it is told of itself. */
const SAYS_WHO = `
const { execFileSync, spawn } = require('node:child_process');
const { writeFileSync, readFileSync } = require('node:fs');
const attempt = (folder) => { try { writeFileSync(folder + '/made', 'x'); return 'done'; } catch (error) { return error.code; } };
const ids = (name) => Number(new RegExp(name + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/status', 'utf8'))[1]);
spawn('sleep', ['600'], { stdio: 'ignore' });
console.log(JSON.stringify({
  uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), capabilities: ids('CapEff'),
  env: [process.env.HOME, process.env.USER, process.env.LOGNAME, process.env.SHELL],
  made: process.argv.slice(1).map(attempt), files: /open files +(\\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1],
}));
process.on('SIGTERM', () => {});
process.stdin.resume();
`;

async function launch(server: Partial<NativeServer>): Promise<StdioEndpoint> {
  const context = createRuntimeContext({
    dataDir: tempDir('runtimes'),
    env: { PATH: process.env.PATH ?? '', HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh' },
    stopTimes: { graceMs: 100, termMs: 200 },
  });
  disposals.unshift(() => context.close());
  const entry = { name: 'demo', command: process.execPath, args: ['-e', SAYS_WHO], env: {}, cwd: '/' };
  const runtime = createRuntime({ runtime: 'native', workspaceDir: undefined, ...entry, ...server }, context);
  const endpoint = await runtime.launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a process');
  disposals.unshift(() => endpoint.stop('the test ends'));
  return endpoint;
}

async function firstWords(endpoint: StdioEndpoint) {
  for await (const line of createInterface({ input: endpoint.output })) return JSON.parse(line);
  throw new Error(`it said nothing but ${endpoint.stderrTail().join('\n')}`);
}

const field = (database: string, name: string, at: number) =>
  execFileSync('getent', [database, name], { encoding: 'utf8' }).trim().split(':')[at];

describe.runIf(isRoot && process.platform === 'linux')('a native server as another user', () => {
  const uid = isRoot ? Number(field('passwd', 'nobody', 2)) : 0;
  const gid = isRoot ? Number(field('passwd', 'nobody', 3)) : 0;

  it('has a workspace of its own also beside one that was made for the user of Tooldex', async () => {
    const folder = join(passableDir('work'), 'spaces');
    await launch({ workspaceDir: join(folder, 'ours') });
    const workspaceDir = join(folder, 'theirs');
    const endpoint = await launch({
      user: 'nobody',
      workspaceDir,
      cwd: workspaceDir,
      args: ['-e', SAYS_WHO, workspaceDir],
    });
    expect(await firstWords(endpoint)).toMatchObject({ made: ['done'] });
  });

  it('is that user in all that counts, and writes to its own workspace only', async () => {
    const root = passableDir('root');
    const ours = join(root, 'ours');
    mkdirSync(ours);
    const workspaceDir = join(root, 'workspaces', 'demo');
    const args = ['-e', SAYS_WHO, workspaceDir, ours];
    const said = await firstWords(await launch({ user: 'nobody', args, workspaceDir, cwd: workspaceDir }));
    expect(said).toMatchObject({ uid, gid, groups: [gid], capabilities: 0, made: ['done', 'EACCES'] });
    expect(said.env).toEqual([field('passwd', 'nobody', 5), 'nobody', 'nobody', null]);
    expect(statSync(workspaceDir)).toMatchObject({ uid, gid });
    expect(statSync(workspaceDir).mode & 0o777).toBe(0o700);
  });

  it('has the group that is asked for, by number too, and what its entry sets', async () => {
    const env = { HOME: '/tmp' };
    const byName = await firstWords(await launch({ user: 'nobody:daemon', env }));
    const daemon = Number(field('group', 'daemon', 2));
    expect(byName).toMatchObject({ uid, gid: daemon, groups: [daemon], env: ['/tmp', 'nobody', 'nobody', null] });
    const byNumber = await firstWords(await launch({ user: '54321:54322' }));
    expect(byNumber).toMatchObject({ uid: 54321, gid: 54322, groups: [54322], env: ['/', null, null, null] });
  });

  it('#11 keeps its limits, leads its group, and is gone after its stop with what it started', async () => {
    const endpoint = await launch({ user: 'nobody', processLimits: { files: 77, processes: 500 } });
    expect(await firstWords(endpoint)).toMatchObject({ uid, files: '77' });
    const family = [endpoint.pid ?? 0, ...descendants(endpoint.pid ?? 0)];
    expect(family).toHaveLength(2);
    await endpoint.stop('done');
    await gone(family);
  });

  it('#13 goes with a gateway that is killed, though it ignores TERM', async () => {
    const owner = fileURLToPath(new URL('../../fixtures/processes/owns-a-server.ts', import.meta.url));
    const script = `${SAYS_WHO}process.on('SIGTERM', () => {});setInterval(() => {}, 1e6);`;
    const dir = tempDir('owner');
    const gateway = spawn(process.execPath, [bundled(owner, dir), dir, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, OWNED_USER: 'nobody' },
    });
    const [said] = await once(createInterface({ input: gateway.stdout }), 'line');
    const family = [Number(said), ...descendants(Number(said))];
    expect(statSync(`/proc/${said}`).uid).toBe(uid);
    gateway.kill('SIGKILL');
    await gone(family);
  });

  it.runIf(hasBubblewrapAs(uid))('is that user in bubblewrap too', async () => {
    const workspaceDir = join(passableDir('root'), 'demo');
    const server = { user: 'nobody', sandbox: 'bubblewrap', workspaceDir, cwd: workspaceDir } as const;
    const endpoint = await launch({ ...server, args: ['-e', SAYS_WHO, workspaceDir, '/var'] });
    expect(await firstWords(endpoint)).toMatchObject({ uid, gid, made: ['done', 'EROFS'] });
    expect(statSync(join(workspaceDir, 'made')).uid).toBe(uid);
    await endpoint.stop('done');
    await gone([endpoint.pid ?? 0]);
  });

  it.each([
    ['a user that is not there', 'no-such-user', 'demo: this machine has no user no-such-user'],
    ['a group that is not there', 'nobody:no-such-group', 'demo: this machine has no group no-such-group'],
    ['a number without a group', '54321', 'demo: no account has the number 54321, so its group is not known'],
  ])('is refused for %s', async (_, user, message) => {
    await expect(launch({ user })).rejects.toMatchObject({ code: 'START_FAILED', message });
  });

  it('is told which folder it may not enter, and which program it may not run', async () => {
    const closed = tempDir('closed');
    await expect(launch({ user: 'nobody', cwd: closed })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: `demo: the user nobody may not use ${closed}`,
      hint: expect.stringContaining(`setfacl -m u:${uid}:x`),
    });
    const script = join(closed, 'server.sh');
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
    await expect(launch({ user: 'nobody', command: script })).rejects.toMatchObject({
      message: `demo: the user nobody may not use ${script}`,
    });
  });

  it('needs no change when it is the user of the gateway', async () => {
    const folder = join(tempDir('root'), 'demo');
    const said = await firstWords(await launch({ user: 'root:0', workspaceDir: folder, cwd: folder }));
    expect(said).toMatchObject({ uid: 0, env: ['/root', 'root', 'root', '/bin/sh'] });
    expect(existsSync(folder)).toBe(true);
  });

  it('is refused when the gateway is not root', async () => {
    const geteuid = process.getuid;
    process.getuid = () => 4321;
    disposals.push(async () => void Object.assign(process, { getuid: geteuid }));
    await expect(launch({ user: 'nobody' })).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: 'demo: only root can start a program as the user nobody',
    });
  });
});

/** Namespaces without being root are not permitted everywhere. */
function hasBubblewrapAs(uid: number): boolean {
  if (!isRoot) return false;
  try {
    execFileSync('bwrap', ['--ro-bind', '/', '/', '--unshare-pid', '--proc', '/proc', 'true'], {
      uid,
      stdio: 'ignore',
    });
    return true;
  } catch {
    process.stderr.write('skipped: bubblewrap is not there, or may make no namespaces without root\n');
    return false;
  }
}
