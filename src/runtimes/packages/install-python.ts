/** Installs a Python package into a virtual environment of its own, with uv where there is one and with pip where not. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installerEnvironment } from '../native/child-environment.ts';
import { installFailure } from './install-failure.ts';
import type { InstallJob } from './install-job.ts';
import { type Bin, type Manifest, venvPython } from './installed-package.ts';
import { projectName } from './pypi-request.ts';
import { findPythonInstaller, type PythonInstaller, type Step } from './python-installer.ts';
import { firstLine } from './resolve-bin.ts';
import { runInstaller } from './run-installer.ts';

/** Installs into the empty folder `job.folder`. Throws INSTALL_FAILED or RUNTIME_UNAVAILABLE. */
export async function installPython(job: InstallJob): Promise<Omit<Manifest, 'installedAt'>> {
  const installer = await findPythonInstaller(job);
  const asked = job.request.packages.join(' ');
  const doing = `installing ${asked} with ${installer.name}`;
  job.report(doing);
  const onLine = (line: string) => {
    if (isProgress(line)) job.report(`${doing}: ${line.trim().slice(0, 100)}`);
  };
  const run = async (step: Step) => {
    const { code, tail } = await runStep(job, step, onLine);
    if (code !== 0)
      throw installFailure({ server: job.server, installer: installer.name, asked: job.request.packages, tail });
  };
  await run(installer.makeEnvironment);
  await run(await installer.choose());
  await fill(job.folder, installer, run);
  return describeInstallation(job);
}

/** From the lock alone, so that nothing gets in whose hash was not known before; what has none comes last and needs nothing more. */
async function fill(folder: string, installer: PythonInstaller, run: (step: Step) => Promise<void>): Promise<void> {
  const { hashed, sources } = await installer.readLock();
  const files = [
    { file: join(folder, 'requirements.lock.txt'), lines: hashed, options: ['--require-hashes'] },
    { file: join(folder, 'sources.lock.txt'), lines: sources, options: [] },
  ];
  for (const { file, lines, options } of files) {
    if (lines.length === 0) continue;
    await writeFile(file, `${lines.join('\n')}\n`);
    await run(installer.fill(file, options));
  }
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

/** Writes one JSON object: the name and the version of the package, and its programs. */
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
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump({"name": d.metadata["Name"], "version": d.version, "own": scripts(d), "all": sorted(everything)}, file)
`;

interface Inspection {
  readonly name: string;
  readonly version: string;
  readonly own: readonly string[];
  readonly all: readonly string[];
}

async function describeInstallation(job: InstallJob): Promise<Omit<Manifest, 'installedAt'>> {
  const [main = ''] = job.request.packages;
  const { name, version, own, all } = await inspect(job, projectName(main) ?? '');
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
  throw installFailure({ server: job.server, installer: 'pip', asked: job.request.packages, tail });
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
