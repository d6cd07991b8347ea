/** What uv, or the pip of a virtual environment, has to be told to make an environment, to choose versions, and to fill it. */
import { readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GatewayError } from '../../errors.ts';
import { findOnPath } from './find-npm.ts';
import type { InstallJob } from './install-job.ts';
import { venvPython } from './installed-package.ts';
import { type PythonLock, readPipReport, readUvRequirements } from './python-lock.ts';

export interface Step {
  readonly command: string;
  readonly args: readonly string[];
}

export interface PythonInstaller {
  readonly name: 'uv' | 'pip';
  readonly makeEnvironment: Step;
  /** Installs nothing: asks the index which versions fit together, and for their hashes. */
  choose(): Promise<Step>;
  /** What was chosen. */
  readLock(): Promise<PythonLock>;
  /** Installs what this file of requirements names, and nothing else. */
  fill(file: string, options: readonly string[]): Step;
}

/** uv where there is one, else pip. Throws RUNTIME_UNAVAILABLE without uv and Python. */
export async function findPythonInstaller(job: InstallJob): Promise<PythonInstaller> {
  const uv = await findOnPath('uv', job.env);
  return uv ? uvInstaller(job, uv) : pipInstaller(job, await findPython(job));
}

function uvInstaller({ request, folder, cacheDir }: InstallJob, uv: string): PythonInstaller {
  const [asked, chosen] = [join(folder, 'asked.txt'), join(folder, 'chosen.txt')];
  const common = ['--python', venvPython(folder), ...cacheOption(cacheDir), ...request.options];
  return {
    name: 'uv',
    makeEnvironment: {
      command: uv,
      args: ['venv', ...(request.python ? ['--python', request.python] : []), join(folder, 'venv')],
    },
    async choose() {
      await writeFile(asked, request.packages.map((spec) => `${asAddress(spec)}\n`).join(''));
      const format = ['--generate-hashes', '--no-header', '--no-annotate', '--output-file', chosen];
      return { command: uv, args: ['pip', 'compile', ...format, ...common, asked] };
    },
    readLock: async () => readUvRequirements(await readFile(chosen, 'utf8')),
    fill: (file, options) => ({
      command: uv,
      args: ['pip', 'install', '--compile-bytecode', '--no-deps', ...options, ...common, '-r', file],
    }),
  };
}

function pipInstaller({ request, folder, cacheDir }: InstallJob, python: string): PythonInstaller {
  const chosen = join(folder, 'chosen.json');
  const quiet = ['--no-input', '--disable-pip-version-check', '--progress-bar=off'];
  const pip = (...args: string[]): Step => ({
    command: venvPython(folder),
    args: ['-m', 'pip', 'install', ...quiet, ...cacheOption(cacheDir), ...request.options, ...args],
  });
  return {
    name: 'pip',
    makeEnvironment: { command: python, args: ['-m', 'venv', join(folder, 'venv')] },
    choose: async () => pip('--dry-run', '--ignore-installed', '--report', chosen, '--', ...request.packages),
    readLock: async () => readPipReport(JSON.parse(await readFile(chosen, 'utf8'))),
    fill: (file, options) => pip('--no-deps', ...options, '-r', file),
  };
}

const cacheOption = (cacheDir: string | undefined) => (cacheDir === undefined ? [] : [`--cache-dir=${cacheDir}`]);

/** In a file of requirements a path may not have blanks. */
const asAddress = (spec: string) => (isAbsolute(spec) ? pathToFileURL(spec).href : spec);

async function findPython({ request, env, server }: InstallJob): Promise<string> {
  const asked = request.python;
  const names = asked === undefined ? ['python3', 'python'] : [asked, `python${asked}`];
  for (const name of names) {
    const path = /[\\/]/.test(name) ? name : await findOnPath(name, env);
    if (path) return path;
  }
  throw new GatewayError(
    'RUNTIME_UNAVAILABLE',
    `${server}: there is no ${names.at(-1)} to run ${request.packages[0]} with`,
    {
      hint: 'Install uv (it brings the Python that is asked for) or this version of Python.',
    },
  );
}
