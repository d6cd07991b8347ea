import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime, createRuntimeContext } from '../../../src/runtimes/create-runtime.ts';
import type { Runtime } from '../../../src/runtimes/runtime.ts';
import { descendants } from '../../helpers/process-table.ts';
import {
  pythonIndex,
  pythonInstallers,
  withInstaller,
  writePythonProject,
  writeWheel,
} from '../../helpers/python-index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const installers = pythonInstallers();
const ECHO = 'import json, sys\ndef main():\n    print(json.dumps(sys.argv[1:]), flush=True)\n    sys.stdin.read()\n';
const LIBRARY = { name: 'greeting', version: '1.4', source: 'def main():\n    pass\nWORD = "hello"\n' };
const GREETS = `import greeting, json, sys\ndef main():\n    print(json.dumps(greeting.WORD), flush=True)\n    sys.stdin.read()\n`;

function runtimeOf(args: readonly string[], { dataDir, env }: { dataDir: string; env: NodeJS.ProcessEnv }): Runtime {
  const context = createRuntimeContext({ dataDir, env });
  onTestFinished(() => context.close());
  const server = { name: 'echo', command: 'uvx', args, env: {}, cwd: '/', workspaceDir: undefined };
  return createRuntime({ runtime: 'native', ...server }, context);
}

async function firstWords(runtime: Runtime) {
  const endpoint = await runtime.launch();
  if (endpoint.kind !== 'stdio') throw new Error('not a process');
  onTestFinished(() => endpoint.stop('done'));
  for await (const line of createInterface({ input: endpoint.output })) {
    return { said: JSON.parse(line), pid: endpoint.pid ?? 0 };
  }
  throw new Error(endpoint.stderrTail().join('\n'));
}

function onlyInstallation(dataDir: string): string {
  const root = join(dataDir, 'packages', 'pypi');
  return join(root, readdirSync(root).find((name) => !name.startsWith('.')) ?? 'nothing');
}

describe.each(installers)('a Python package, with %s,', (installer) => {
  it('with many programs is installed once into an environment of its own and then started directly', async () => {
    const dataDir = tempDir('data');
    const programs = Array.from({ length: 60 }, (_, at) => `echo-args-by-another-and-longer-name-${at}`);
    const wheel = writeWheel({ name: 'echo-args', version: '2.0.1', source: ECHO, programs });
    const env = withInstaller(installer, 'http://127.0.0.1:9/');
    const runtime = runtimeOf(['--from', wheel, 'echo-args', 'a', '--b'], { dataDir, env });
    const progress: string[] = [];
    await runtime.prepare((message) => progress.push(message));
    expect(progress[0]).toBe(`installing ${wheel} with ${installer}`);
    expect(onlyInstallation(dataDir)).toMatch(/\/echo-args@2\.0\.1-[0-9a-f]{12}$/);
    rmSync(wheel);
    const { said, pid } = await firstWords(runtime);
    expect(said).toEqual(['a', '--b']);
    expect(descendants(pid)).toEqual([]);
  });

  it('is locked by hash with all that it needs, and starts without index and network from then on', async () => {
    const index = await pythonIndex();
    const hashes = [
      index.publish(LIBRARY),
      index.publish({ name: 'greets', version: '3.1', source: GREETS, requires: ['greeting>=1'] }),
    ];
    const dataDir = tempDir('data');
    const env = withInstaller(installer, index.url);
    await runtimeOf(['greets'], { dataDir, env }).prepare();
    const lock = readFileSync(join(onlyInstallation(dataDir), 'requirements.lock.txt'), 'utf8');
    for (const hash of hashes) expect(lock).toContain(`--hash=sha256:${hash}`);
    expect(lock).toMatch(/^greeting==1\.4 /m);
    expect(lock).toMatch(/^greets==3\.1 /m);

    index.close();
    const dead = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };
    const later = runtimeOf(['greets'], { dataDir, env: { ...env, ...dead, PATH: '/nowhere' } });
    expect((await firstWords(later)).said).toBe('hello');
  });

  it('is refused when what is downloaded is not what was chosen, and leaves nothing', async () => {
    const index = await pythonIndex();
    index.publish({ name: 'greets', version: '3.1', source: ECHO });
    index.tamper();
    const dataDir = tempDir('data');
    const env = { ...withInstaller(installer, index.url), UV_NO_CACHE: '1', PIP_NO_CACHE_DIR: '1' };
    await expect(runtimeOf(['greets'], { dataDir, env }).prepare()).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining('what was downloaded is not what was published'),
    });
    expect(readdirSync(join(dataDir, 'packages', 'pypi'))).toEqual(['.locks']);
  });

  it('that is a folder has no hash, but what it needs has', async () => {
    const index = await pythonIndex();
    index.publish(LIBRARY);
    const folder = writePythonProject({ name: 'greets', version: '3.1', source: GREETS, requires: ['greeting>=1'] });
    const dataDir = tempDir('data');
    const env = withInstaller(installer, index.url);
    const runtime = runtimeOf(['--from', folder, 'greets'], { dataDir, env });
    expect((await firstWords(runtime)).said).toBe('hello');
    const read = (file: string) => readFileSync(join(onlyInstallation(dataDir), file), 'utf8');
    expect(read('requirements.lock.txt')).toMatch(/^greeting==1\.4 --hash=sha256:\w{64}\n$/);
    expect(read('sources.lock.txt')).toContain(folder);
  });

  it('#16 that cannot be installed says why', async () => {
    const dataDir = tempDir('data');
    const broken = join(tempDir('wheel'), 'broken-1.0-py3-none-any.whl');
    writeFileSync(broken, 'no zip');
    const env = withInstaller(installer, 'http://127.0.0.1:9/');
    await expect(runtimeOf(['--from', broken, 'x'], { dataDir, env }).prepare()).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringMatching(/^echo: cannot install .*broken-1\.0-py3-none-any\.whl: .*\n {2}\S/s),
    });
    expect(existsSync(join(dataDir, 'packages', 'pypi', '.locks'))).toBe(true);
    expect(readdirSync(join(dataDir, 'packages', 'pypi'))).toEqual(['.locks']);
  });
});

it('asks for the Python that was asked for, or says that it is not there', async () => {
  const runtime = runtimeOf(['-p', '3.99', 'x'], { dataDir: tempDir('data'), env: { PATH: '/nowhere' } });
  await expect(runtime.prepare()).rejects.toMatchObject({
    code: 'RUNTIME_UNAVAILABLE',
    message: 'echo: there is no python3.99 to run x with',
    hint: expect.stringContaining('uv'),
  });
});
