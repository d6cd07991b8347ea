/** Installs a Python package into a virtual environment of its own, with uv where there is one and with pip where not. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { installerEnvironment } from '../native/child-environment.ts';
import { findOnPath } from './find-npm.ts';
import { installFailure } from './install-failure.ts';
import type { InstallJob } from './install-job.ts';
import { type Bin, type Manifest, venvPython } from './installed-package.ts';
import { projectName } from './pypi-request.ts';
import { firstLine } from './resolve-bin.ts';
import { runInstaller } from './run-installer.ts';

interface Step {
  readonly command: string;
  readonly args: readonly string[];
}

interface Recipe {
  readonly installer: 'uv' | 'pip';
  readonly steps: readonly Step[];
}

/** Installs into the empty folder `job.folder`. Throws INSTALL_FAILED or RUNTIME_UNAVAILABLE. */
export async function installPython(job: InstallJob): Promise<Omit<Manifest, 'installedAt'>> {
  const asked = job.request.packages.join(' ');
  const uv = await findOnPath('uv', job.env);
  const { installer, steps } = uv ? withUv(job, uv) : withPip(job, await findPython(job));
  const doing = `installing ${asked} with ${installer}`;
  job.report(doing);
  const onLine = (line: string) => {
    if (isProgress(line)) job.report(`${doing}: ${line.trim().slice(0, 100)}`);
  };
  for (const step of steps) {
    const { code, tail } = await runStep(job, step, onLine);
    if (code !== 0) throw installFailure({ server: job.server, installer, asked, tail });
  }
  return describeInstallation(job);
}

function withUv({ request, folder }: InstallJob, uv: string): Recipe {
  const python = request.python ? ['--python', request.python] : [];
  return {
    installer: 'uv',
    steps: [
      { command: uv, args: ['venv', ...python, join(folder, 'venv')] },
      {
        command: uv,
        args: [
          'pip',
          'install',
          '--compile-bytecode',
          '--python',
          venvPython(folder),
          ...request.options,
          '--',
          ...request.packages,
        ],
      },
    ],
  };
}

function withPip({ request, folder }: InstallJob, python: string): Recipe {
  const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar=off'];
  return {
    installer: 'pip',
    steps: [
      { command: python, args: ['-m', 'venv', join(folder, 'venv')] },
      { command: venvPython(folder), args: [...pip, ...request.options, '--', ...request.packages] },
    ],
  };
}

function runStep(job: InstallJob, { command, args }: Step, onLine: (line: string) => void) {
  const env = installerEnvironment(job.env);
  return runInstaller(
    { server: job.server, command, args, env, cwd: job.folder },
    { signal: job.signal, guard: job.guard, onLine },
  );
}

/** What pip and uv say about how far they are. */
const isProgress = (line: string) =>
  /^\s*(Collecting|Downloading|Building|Installing collected|Resolved|Prepared|Installed|Cloning)\b/.test(line);

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

/** Writes one JSON object: the version of the package, its programs, and the whole list of what was installed. */
const INSPECT = `
import importlib.metadata as m, json, sys
asked = sys.argv[1]
def direct():
    found = [d for d in m.distributions() if d.read_text("direct_url.json")]
    return found[0] if found else None
d = m.distribution(asked) if asked else direct()
if d is None: sys.exit("nothing that was installed is the package asked for")
entries = lambda d: {e.name for e in d.entry_points if e.group == "console_scripts"}
scripts = lambda d: sorted(entries(d) | {f.stem if f.suffix == ".exe" else f.name for f in d.files or [] if f.parent.name in ("bin", "Scripts")})
everything = {name for x in m.distributions() for name in scripts(x)}
frozen = sorted({f"{x.metadata['Name']}=={x.version}" for x in m.distributions()})
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump({"name": d.metadata["Name"], "version": d.version, "own": scripts(d), "all": sorted(everything), "frozen": frozen}, file)
`;

interface Inspection {
  readonly name: string;
  readonly version: string;
  readonly own: readonly string[];
  readonly all: readonly string[];
  readonly frozen: readonly string[];
}

async function describeInstallation(job: InstallJob): Promise<Omit<Manifest, 'installedAt'>> {
  const [main = ''] = job.request.packages;
  const { name, version, own, all, frozen } = await inspect(job, projectName(main) ?? '');
  await writeFile(join(job.folder, 'requirements.lock.txt'), `${frozen.join('\n')}\n`);
  const programs = own.length > 0 ? own : all;
  const asked = job.request.bin !== undefined && all.includes(job.request.bin) ? [job.request.bin] : [];
  const bins = await scriptsOf(job.folder, new Set([...programs, ...asked]));
  return { format: 1, ecosystem: 'pypi', asked: job.request.packages, name, version, bins };
}

async function inspect(job: InstallJob, asked: string): Promise<Inspection> {
  // Into a file: what an installer prints is kept line by line and cut, and this may be long.
  const answer = join(job.folder, 'inspection.json');
  const step: Step = { command: venvPython(job.folder), args: ['-c', INSPECT, asked, answer] };
  const { code, tail } = await runStep(job, step, () => undefined);
  if (code === 0) return JSON.parse(await readFile(answer, 'utf8')) as Inspection;
  throw installFailure({ server: job.server, installer: 'pip', asked: job.request.packages.join(' '), tail });
}

/** Scripts in Python are given to the environment's interpreter, since the path in their first line is of the folder before it moved. */
async function scriptsOf(folder: string, names: ReadonlySet<string>): Promise<Record<string, Bin>> {
  const place = process.platform === 'win32' ? join('venv', 'Scripts') : join('venv', 'bin');
  const files = new Set(await readdir(join(folder, place)));
  const bins: Record<string, Bin> = {};
  for (const name of names) {
    const file = join(place, files.has(name) ? name : `${name}.exe`);
    const line = await firstLine(join(folder, file)).catch(() => undefined);
    if (line === undefined) continue;
    const isPython = line.includes('python') || line.startsWith(LONG_PATH_SHEBANG);
    bins[name] = { kind: line.startsWith('#!') && isPython ? 'python' : 'executable', file, flags: [] };
  }
  return bins;
}

/** pip and uv begin scripts so, valid for the shell and for Python, when the interpreter's path is too long for a first line. */
const LONG_PATH_SHEBANG = '#!/bin/sh';
