import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime, createRuntimeContext } from '../../../src/runtimes/create-runtime.ts';
import { type PackageRequest, requestHash } from '../../../src/runtimes/packages/package-request.ts';
import { createPackageStore, type PackageStore } from '../../../src/runtimes/packages/package-store.ts';
import { recognisePackage } from '../../../src/runtimes/packages/recognise-package.ts';
import { bundled } from '../../helpers/bundled.ts';
import { npmPackage, npmRegistry } from '../../helpers/npm-package.ts';
import { npmUnreachable } from '../../helpers/npm-reachable.ts';
import { descendants } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const ECHO = '#!/usr/bin/env node\nconsole.log(JSON.stringify(process.argv.slice(2)));process.stdin.resume();';
const unreachable = await npmUnreachable();

let dataDir = '';
let source = '';
beforeEach(() => {
  dataDir = tempDir('data');
  source = tempDir('source');
});

function openStore(installTimeoutMs?: number): PackageStore {
  const store = createPackageStore({ dataDir, env: process.env, installTimeoutMs });
  onTestFinished(() => store.close());
  return store;
}

function npx(...args: string[]): PackageRequest {
  const request = recognisePackage({ command: 'npx', args: ['-y', ...args], cwd: '/' });
  if (!request) throw new Error('not recognised');
  return request;
}

/** Installs and answers what was reported on the way. */
async function install(store: PackageStore, request: PackageRequest) {
  const progress: string[] = [];
  const installed = await store.install(request, { server: 'demo', onProgress: (message) => progress.push(message) });
  return { ...installed, progress };
}

const installedFolders = () => readdirSync(join(dataDir, 'packages', 'npm')).filter((name) => name !== '.locks');

describe('an npm package', () => {
  it('is installed once, and found again without npm', async () => {
    npmPackage(source, { name: '@local/echo', version: '1.2.3', bin: './cli.js' }, { 'cli.js': ECHO });
    const first = await install(openStore(), npx(source, 'a'));
    expect(first.progress[0]).toBe(`installing file:${source} with npm`);
    expect(installedFolders()).toEqual([`@local+echo@1.2.3-${requestHash(npx(source))}`]);
    const folder = join(dataDir, 'packages', 'npm', installedFolders()[0] ?? '');
    expect(first).toMatchObject({
      command: process.execPath,
      args: [join(folder, 'node_modules', '@local', 'echo', 'cli.js')],
      version: '1.2.3',
    });
    expect(existsSync(join(folder, 'package-lock.json'))).toBe(true);

    rmSync(source, { recursive: true });
    const second = await install(openStore(), npx(source, 'b'));
    expect(second).toEqual({ ...first, progress: [] });
  });

  it('#4 runs as one process, without an npx that could ask something', async () => {
    npmPackage(source, { bin: './cli.js' }, { 'cli.js': ECHO });
    const context = createRuntimeContext({ dataDir, env: process.env });
    onTestFinished(() => context.close());
    const server = { name: 'demo', command: 'npx', args: ['-y', source, '/data', '-x'], env: {}, cwd: '/' };
    const runtime = createRuntime({ ...server, runtime: 'native', workspaceDir: undefined }, context);
    const endpoint = await runtime.launch();
    if (endpoint.kind !== 'stdio') throw new Error('not a process');
    for await (const line of createInterface({ input: endpoint.output })) {
      expect(JSON.parse(line)).toEqual(['/data', '-x']);
      break;
    }
    expect(descendants(endpoint.pid ?? 0)).toEqual([]);
    await endpoint.stop('done');
  });

  it('chooses its program as npx does', async () => {
    const bins = { local: 'main.js', other: 'other.sh', flagged: 'flagged', lost: 'not-there.js' };
    const flagged = '#!/usr/bin/env -S node --no-warnings\n';
    npmPackage(source, { bin: bins }, { 'main.js': ECHO, 'other.sh': '#!/bin/sh\n', flagged });
    const store = openStore();
    const file = (name: string) => expect.stringMatching(new RegExp(`/node_modules/local/${name}$`));
    expect(await install(store, npx(source))).toMatchObject({ args: [file('main.js')] });
    expect(await install(store, npx('-p', source, 'other'))).toMatchObject({ command: file('other.sh'), args: [] });
    expect(await install(store, npx('-p', source, 'flagged'))).toMatchObject({
      command: process.execPath,
      args: ['--no-warnings', file('flagged')],
    });
    await expect(install(store, npx('-p', source, 'lost'))).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: 'local@1.0.0 has no program lost',
      hint: expect.stringContaining('local, other, flagged'),
    });
    expect(installedFolders()).toHaveLength(1);
  });

  it('runs its install scripts only where that is allowed', async () => {
    const scripts = { postinstall: 'node note.cjs' };
    const note = 'require("node:fs").writeFileSync("ran", "")';
    npmPackage(source, { bin: './cli.js', scripts }, { 'cli.js': ECHO, 'note.cjs': note });
    const store = openStore();
    const ran = async (request: PackageRequest) =>
      existsSync(join((await install(store, request)).args[0] ?? '', '..', 'ran'));
    expect(await ran(npx(source))).toBe(false);
    expect(await ran({ ...npx(source), installScripts: true })).toBe(true);
  });

  it('is installed anew when what was installed is damaged', async () => {
    npmPackage(source, { bin: './cli.js' }, { 'cli.js': ECHO });
    const { args, progress } = await install(openStore(), npx(source));
    rmSync(args[0] ?? '');
    expect((await install(openStore(), npx(source))).progress).toEqual(progress);
    expect(existsSync(args[0] ?? '')).toBe(true);
  });
});

describe('installing', () => {
  it('#24 serves all that ask at the same time with one run', async () => {
    npmPackage(source, { bin: './cli.js' }, { 'cli.js': ECHO });
    const store = openStore();
    const all = await Promise.all(Array.from({ length: 20 }, () => install(store, npx(source))));
    expect(new Set(all.map((each) => JSON.stringify(each)))).toHaveLength(1);
    expect(all[0]?.progress.filter((message) => message.startsWith('installing'))).toHaveLength(1);
  });

  it('#25 waits for its turn, and says so, while as many others are being installed as are at a time', async () => {
    const store = openStore();
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, n) => {
        const folder = tempDir('source');
        npmPackage(folder, { name: `p${n}`, bin: './cli.js' }, { 'cli.js': ECHO });
        return install(store, npx(folder));
      }),
    );
    const beginnings = all.map(({ progress: [first = ''] }) => first.split(' ')[0]);
    expect(beginnings.toSorted()).toEqual([...Array(4).fill('installing'), 'waiting', 'waiting']);
    for (const { progress } of all) expect(progress.join('\n')).toMatch(/^installing /m);
  });

  it('#25 goes before the rest that waits, for a call', async () => {
    const store = openStore();
    const begun: string[] = [];
    const begin = (server: string, isUrgent: () => boolean, onWait: () => void) => {
      const folder = tempDir('source');
      npmPackage(folder, { name: server, bin: './cli.js' }, { 'cli.js': ECHO });
      const onProgress = (message: string) => {
        if (message.startsWith('waiting')) onWait();
        else if (!begun.includes(server)) begun.push(server);
      };
      return store.install(npx(folder), { server, onProgress, isUrgent });
    };
    let waiting = 0;
    const inBackground = new Promise<Promise<unknown>[]>((resolve) => {
      const onWait = () => ++waiting === 3 && resolve(all);
      const all = Array.from({ length: 7 }, (_, n) => begin(`p${n}`, () => false, onWait));
    });
    const all = await inBackground;
    await begin(
      'called',
      () => true,
      () => {},
    );
    await Promise.all(all);
    expect(begun).toHaveLength(8);
    expect(begun.indexOf('called')).toBeLessThan(7);
  });

  it('#66 is done by one of several processes while the others wait', async () => {
    npmPackage(source, { bin: './cli.js' }, { 'cli.js': ECHO });
    const script = fileURLToPath(new URL('../../fixtures/processes/installs-a-package.ts', import.meta.url));
    const program = bundled(script, dataDir);
    const outputs = await Promise.all([1, 2, 3].map(() => outputOf(program, [dataDir, source])));
    const results = outputs.map((lines) => lines.at(-1));
    expect(results[0]).toMatchObject({ installed: { version: '1.0.0' } });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    const begun = outputs.flat().filter(({ message }) => message === `installing file:${source} with npm`);
    expect(begun).toHaveLength(1);
  });

  it('does not wait for a process that is dead', async () => {
    npmPackage(source, { bin: './cli.js' }, { 'cli.js': ECHO });
    const lock = join(dataDir, 'packages', 'npm', '.locks', requestHash(npx(source)));
    mkdirSync(lock, { recursive: true });
    // This process, but with the start time of another.
    writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: process.pid, start: 'earlier-boot/1' }));
    expect((await install(openStore(), npx(source))).version).toBe('1.0.0');
    expect(existsSync(lock)).toBe(false);
  });

  it('#15 goes on when the caller gives up, and the next call joins it', async () => {
    npmPackage(source, { bin: './cli.js' }, { 'cli.js': ECHO });
    const store = openStore();
    const impatient = new AbortController();
    const onProgress = () => impatient.abort(new Error('too slow'));
    const first = store.install(npx(source), { server: 'demo', onProgress, signal: impatient.signal });
    await expect(first).rejects.toThrow('too slow');
    const { version, progress } = await install(store, npx(source));
    expect(version).toBe('1.0.0');
    expect(progress.filter((message) => message.startsWith('installing'))).toHaveLength(1);
  });

  it('#33 ends with the gateway and leaves nothing half done', async () => {
    const registry = await npmRegistry();
    const store = openStore();
    const onProgress = () => void store.close();
    const request = npx(`--registry=${registry}`, 'silent');
    await expect(store.install(request, { server: 'demo', onProgress })).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
    });
    expect(installedFolders()).toEqual([]);
    expect(readdirSync(join(dataDir, 'packages', 'npm', '.locks'))).toEqual([]);
  });

  it('is given up when it takes too long', async () => {
    const request = npx(`--registry=${(await npmRegistry()).url}`, 'silent');
    await expect(install(openStore(1_500), request)).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: 'demo: silent was not installed within 1.5 s',
    });
  });
});

describe('#16 what cannot be installed', () => {
  it('says that the registry has no such package', async () => {
    const request = npx(`--registry=${(await npmRegistry()).url}`, '@s/unknown');
    await expect(install(openStore(), request)).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringMatching(
        /^demo: cannot install @s\/unknown: the registry has no such package\n {2}npm error/,
      ),
      hint: expect.stringContaining('spelling'),
    });
  });

  it('says that no version fits', async () => {
    const request = npx(`--registry=${(await npmRegistry()).url}`, 'known@77');
    await expect(install(openStore(), request)).rejects.toMatchObject({
      message: expect.stringContaining('no version of it fits'),
    });
  });

  it('says that the registry cannot be reached', async () => {
    await expect(install(openStore(), npx('--registry=http://127.0.0.1:9', 'known'))).rejects.toMatchObject({
      message: expect.stringContaining('the registry cannot be reached'),
      hint: expect.stringContaining('network'),
    });
  });

  it('says that a package is a library', async () => {
    npmPackage(source, {}, { 'index.js': '' });
    await expect(install(openStore(), npx(source))).rejects.toMatchObject({ hint: expect.stringContaining('library') });
  });

  it('says that the data folder cannot be written to', async () => {
    writeFileSync(join(dataDir, 'packages'), 'a file where a folder should be');
    await expect(install(openStore(), npx(source))).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      hint: expect.stringContaining('data directory'),
    });
  });
});

describe.skipIf(unreachable)('a package of the npm registry', () => {
  it('is pinned to the version that was resolved first', async () => {
    const request = npx('@modelcontextprotocol/server-memory@2026.8.31');
    const { version, args, progress } = await install(openStore(), request);
    expect(version).toBe('2026.8.31');
    expect(args[0]).toMatch(/server-memory@2026\.8\.31-[0-9a-f]{12}\/node_modules\/.*\/dist\/index\.js$/);
    expect(progress.some((message) => /\d+ downloads/.test(message))).toBe(true);
  });
});

async function outputOf(program: string, args: string[]): Promise<Array<Record<string, unknown>>> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Array<Record<string, unknown>> = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  return lines;
}
