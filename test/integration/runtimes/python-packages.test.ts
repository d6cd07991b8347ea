import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime, createRuntimeContext } from '../../../src/runtimes/create-runtime.ts';
import { descendants } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** A wheel is a zip with a few notes in it; the standard library of Python writes it without any tool of packaging. */
const WRITE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("echo_args.py", "import json, sys\\ndef main():\\n    print(json.dumps(sys.argv[1:]), flush=True)\\n    sys.stdin.read()\\n")
    info = "echo_args-2.0.1.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: echo-args\\nVersion: 2.0.1\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    many = "".join(f"echo-args-by-another-and-longer-name-{i} = echo_args:main\\n" for i in range(60))
    wheel.writestr(info + "entry_points.txt", "[console_scripts]\\necho-args = echo_args:main\\n" + many)
    wheel.writestr(info + "RECORD", "")
`;

function pythonWithVenv(): boolean {
  try {
    execFileSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('skipped: there is no python3 with venv\n');
    return false;
  }
}

describe.skipIf(!pythonWithVenv())('a Python package', () => {
  it('with many programs is installed once into an environment of its own and then started directly', async () => {
    const dataDir = tempDir('data');
    const wheel = join(tempDir('wheel'), 'echo_args-2.0.1-py3-none-any.whl');
    execFileSync('python3', ['-c', WRITE_WHEEL, wheel]);
    const context = createRuntimeContext({ dataDir, env: process.env });
    onTestFinished(() => context.close());
    const args = ['--from', wheel, 'echo-args', 'a', '--b'];
    const runtime = createRuntime(
      { runtime: 'native', name: 'echo', command: 'uvx', args, env: {}, cwd: '/', workspaceDir: undefined },
      context,
    );
    const progress: string[] = [];
    await runtime.prepare((message) => progress.push(message));
    expect(progress[0]).toMatch(/^installing .*echo_args-2\.0\.1-py3-none-any\.whl with (pip|uv)$/);
    const root = join(dataDir, 'packages', 'pypi');
    const [folder = ''] = readdirSync(root).filter((name) => !name.startsWith('.'));
    expect(folder).toMatch(/^echo-args@2\.0\.1-[0-9a-f]{12}$/);
    expect(readFileSync(join(root, folder, 'requirements.lock.txt'), 'utf8')).toContain('echo-args==2.0.1\n');

    rmSync(wheel);
    const endpoint = await runtime.launch();
    if (endpoint.kind !== 'stdio') throw new Error('not a process');
    for await (const line of createInterface({ input: endpoint.output })) {
      expect(JSON.parse(line)).toEqual(['a', '--b']);
      break;
    }
    expect(descendants(endpoint.pid ?? 0)).toEqual([]);
    await endpoint.stop('done');
  });

  it('#16 that cannot be installed says why', async () => {
    const dataDir = tempDir('data');
    const broken = join(tempDir('wheel'), 'broken-1.0-py3-none-any.whl');
    writeFileSync(broken, 'no zip');
    const context = createRuntimeContext({ dataDir, env: process.env });
    onTestFinished(() => context.close());
    const server = { name: 'broken', command: 'uvx', args: ['--from', broken, 'x'], env: {}, cwd: '/' };
    const runtime = createRuntime({ ...server, runtime: 'native', workspaceDir: undefined }, context);
    await expect(runtime.prepare()).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringMatching(/^broken: cannot install .*broken-1\.0-py3-none-any\.whl: .*\n {2}\S/s),
    });
    expect(existsSync(join(dataDir, 'packages', 'pypi', '.locks'))).toBe(true);
    expect(readdirSync(join(dataDir, 'packages', 'pypi'))).toEqual(['.locks']);
  });

  it('asks for the Python that was asked for, or says that it is not there', async () => {
    const context = createRuntimeContext({ dataDir: tempDir('data'), env: { PATH: '/nowhere' } });
    onTestFinished(() => context.close());
    const server = { name: 'time', command: 'uvx', args: ['-p', '3.99', 'x'], env: {}, cwd: '/' };
    const runtime = createRuntime({ ...server, runtime: 'native', workspaceDir: undefined }, context);
    await expect(runtime.prepare()).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: 'time: there is no python3.99 to run x with',
      hint: expect.stringContaining('uv'),
    });
  });
});
