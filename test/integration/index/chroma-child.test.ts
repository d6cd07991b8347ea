import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChromaChild, type ChromaChildOptions, createChromaChild } from '../../../index/store/chroma-child.ts';
import { createChromaStore } from '../../../index/store/chroma-store.ts';
import { findChroma } from '../../helpers/chroma-server.ts';
import { hasOwnNetwork, withNetwork } from '../../helpers/own-namespace.ts';
import { descendants, gone, isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const program = findChroma() ?? '';
const children: ChromaChild[] = [];
const vector = Float32Array.of(0.6, 0.8);

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.close()));
});

const create = (options: Partial<ChromaChildOptions> = {}) => {
  const child = createChromaChild({
    dataDir: tempDir('chroma'),
    env: process.env,
    command: [program],
    restartDelayMs: 1,
    ...options,
  });
  children.push(child);
  return child;
};
const answers = async (address: string) => (await fetch(`${address}/api/v2/heartbeat`)).ok;

/** A program of the given lines of shell. */
function script(name: string, ...lines: string[]): string {
  const file = join(tempDir('script'), name);
  writeFileSync(file, ['#!/bin/sh', ...lines].join('\n'), { mode: 0o755 });
  return file;
}

describe.skipIf(!program)('chroma as a child', () => {
  it('starts once for however many ask at once, and is gone after close', async () => {
    const child = create();
    const addresses = await Promise.all([child.address(), child.address(), child.address()]);
    expect(new Set(addresses).size).toBe(1);
    expect(await answers(addresses[0] ?? '')).toBe(true);
    const processes = descendants(process.pid);
    await child.close();
    await gone(processes);
    await expect(child.address()).rejects.toMatchObject({ fault: 'closed' });
  });

  it('keeps the data from run to run', async () => {
    const dataDir = tempDir('chroma-data');
    for (const run of [1, 2]) {
      const child = create({ dataDir });
      const store = createChromaStore({ address: () => child.address() });
      await store.open({ identity: 'm', dimensions: 2 });
      expect((await store.hashes()).size).toBe(run - 1);
      await store.upsert([{ id: `r${run}`, server: 's', hash: 'h', vector }]);
      await store.close();
      await child.close();
    }
  });

  it('comes back after a crash, and the store does not notice', async () => {
    const child = create();
    const store = createChromaStore({ address: () => child.address(), timeoutMs: 50_000 });
    await store.open({ identity: 'm', dimensions: 2 });
    await store.upsert([{ id: 'a', server: 's', hash: 'h', vector }]);
    const processes = descendants(process.pid);
    for (const pid of processes) process.kill(pid, 'SIGKILL');
    await gone(processes);
    expect((await store.nearest({ vector, limit: 1 })).map(({ id }) => id)).toEqual(['a']);
    await store.close();
  });

  it('finds chroma on the PATH, else uvx, else says what to install', async () => {
    const uvx = script('uvx', 'echo "$@" > "$0.args"', 'shift 3', `exec ${program} "$@"`);
    const npms = join(tempDir('npm'), 'node_modules/.bin');
    mkdirSync(npms, { recursive: true });
    writeFileSync(join(npms, 'chroma'), '#!/bin/sh\necho npm >&2; exit 1', { mode: 0o755 });
    const child = create({
      command: undefined,
      env: { ...process.env, PATH: `${npms}:${join(uvx, '..')}:/usr/bin:/bin` },
    });
    expect(await answers(await child.address())).toBe(true);
    expect(readFileSync(`${uvx}.args`, 'utf8')).toMatch(
      /^--from chromadb==\S+ chroma run --path \S+ --host 127\.0\.0\.1 --port \d+\n$/,
    );
    const chroma = script('chroma', `exec ${program} "$@"`);
    const direct = create({
      command: undefined,
      env: { ...process.env, PATH: `${join(uvx, '..')}:${join(chroma, '..')}:/usr/bin:/bin` },
    });
    expect(await answers(await direct.address())).toBe(true);
    const nothing = create({ command: undefined, env: { PATH: tempDir('empty') } });
    await expect(nothing.address()).rejects.toMatchObject({
      fault: 'missing',
      hint: expect.stringContaining('pip install chromadb'),
    });
  });

  it('does not outlive a parent that is killed', async () => {
    const parent = startParent();
    const [address] = (await once(parent, 'message')) as [string];
    expect(await answers(address)).toBe(true);
    const processes = descendants(parent.pid ?? 0);
    expect(processes.length).toBeGreaterThan(1);
    parent.kill('SIGKILL');
    await gone(processes);
    expect(isAlive(parent.pid ?? 0)).toBe(false);
  });

  it('is shared by processes over one folder, and started by the next of them when its own is killed', async () => {
    const dataDir = tempDir('chroma-shared');
    const parent = startParent(dataDir);
    const [address] = (await once(parent, 'message')) as [string];
    const child = create({ dataDir });
    expect(await child.address()).toBe(address);
    expect(descendants(process.pid).filter((pid) => !descendants(parent.pid ?? 0).includes(pid))).toEqual([parent.pid]);
    await child.close();
    expect(await answers(address)).toBe(true);
    const other = create({ dataDir });
    expect(await other.address()).toBe(address);
    parent.kill('SIGKILL');
    await expect.poll(() => other.address(), { timeout: 25_000, interval: 500 }).not.toBe(address);
    expect(await answers(await other.address())).toBe(true);
  });

  it.skipIf(!hasOwnNetwork)(
    'is refused where another container has one over the folder, with the remedy, and started when that is gone',
    async () => {
      const dataDir = tempDir('chroma-elsewhere');
      const parent = startParent(dataDir, [
        ...withNetwork('ip link set lo up'),
        'unshare',
        '--pid',
        '--fork',
        '--kill-child',
      ]);
      const [address] = (await once(parent, 'message')) as [string];
      const child = create({ dataDir });
      await expect(child.address()).rejects.toMatchObject({
        fault: 'unreachable',
        message: expect.stringMatching(/another container or machine \(.+\): give both the url of one Chroma/),
      });
      expect(JSON.parse(readFileSync(join(dataDir, 'tooldex-server.json'), 'utf8'))).toMatchObject({ address });
      const processes = descendants(parent.pid ?? 0);
      parent.kill('SIGKILL');
      await gone(processes);
      await expect
        .poll(() => child.address().then(answers, () => false), { timeout: 50_000, interval: 500 })
        .toBe(true);
    },
  );

  it('ends its server when another has taken over the folder meanwhile, and leaves the claim of that alone', async () => {
    const dataDir = tempDir('chroma-taken');
    const claim = join(dataDir, 'tooldex-server.json');
    await create({ dataDir }).address();
    const processes = descendants(process.pid);
    const taken = { ...JSON.parse(readFileSync(claim, 'utf8')), address: 'http://127.0.0.1:1', place: 'elsewhere' };
    writeFileSync(claim, JSON.stringify(taken));
    const { mtimeMs } = statSync(claim);
    await gone(processes);
    expect(JSON.parse(readFileSync(claim, 'utf8'))).toEqual(taken);
    expect(statSync(claim).mtimeMs).toBe(mtimeMs);
  });

  it.each([
    ['damaged', 'half a li'],
    ['of a process that has ended', JSON.stringify({ address: 'http://127.0.0.1:1', owner: 2 ** 30, since: 1 })],
    ['of an earlier life', JSON.stringify({ address: 'http://127.0.0.1:1', owner: process.pid, since: 1 })],
  ])('is started at once over a folder whose claim is %s', async (_, claim) => {
    const dataDir = tempDir('chroma-claimed');
    writeFileSync(join(dataDir, 'tooldex-server.json'), claim);
    const child = create({ dataDir });
    expect(await answers(await child.address())).toBe(true);
    await child.close();
    expect(readdirSync(dataDir)).not.toContain('tooldex-server.json');
  });
});

describe('a child that is no Chroma', () => {
  it('starts nothing when nobody asks', async () => {
    const before = descendants(process.pid);
    await create().close();
    expect(descendants(process.pid)).toEqual(before);
  });

  it('says why when it cannot start, and does not try again at once', async () => {
    const child = create({
      command: [script('broken', 'echo "GLIBC_2.38 not found" >&2', 'exit 3')],
      restartDelayMs: 60_000,
    });
    await expect(child.address()).rejects.toMatchObject({
      fault: 'unreachable',
      message: /GLIBC_2\.38 not found\s+exit status 3/,
    });
    await expect(child.address()).rejects.toMatchObject({ message: /GLIBC_2\.38.*started again in 60 s/s });
  });

  it('gives up on a program that never answers, and ends it although it does not want to', async () => {
    const stubborn = script('stubborn', "trap '' TERM", 'sleep 300 &', 'wait', 'sleep 300');
    const before = descendants(process.pid);
    const child = create({ command: [stubborn], startTimeoutMs: 300 });
    await expect(child.address()).rejects.toMatchObject({ message: /did not answer within 300 ms/ });
    expect(descendants(process.pid)).toEqual(before);
  }, 30_000);

  it('is ended by close while it still starts', async () => {
    const child = create({ command: [script('slow', 'exec sleep 300')] });
    const asked = expect(child.address()).rejects.toMatchObject({ fault: 'closed' });
    await child.close();
    await asked;
  });
});

/** Another process that has a child of its own and tells its address; `through` runs the command that follows it. */
function startParent(dataDir = tempDir('parent-data'), through: readonly string[] = []): ChildProcess {
  const outfile = join(tempDir('parent'), 'parent.mjs');
  const source = fileURLToPath(new URL('../../../index/store/chroma-child.ts', import.meta.url));
  const contents = `import { createChromaChild } from ${JSON.stringify(source)};
    const child = createChromaChild({ dataDir: process.argv[2], env: process.env, command: [process.argv[3]] });
    process.send(await child.address());`;
  const esbuild = fileURLToPath(new URL('../../../node_modules/.bin/esbuild', import.meta.url));
  execFileSync(esbuild, ['--bundle', '--platform=node', '--format=esm', `--outfile=${outfile}`, '--log-level=error'], {
    input: contents,
  });
  const [command = '', ...given] = [...through, process.execPath, outfile, dataDir, program];
  return spawn(command, given, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}
