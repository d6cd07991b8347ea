/** Installs an npm package and what it needs into a folder of its own, and finds out how its programs are started. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { isObject } from '../../stdx/json.ts';
import { installerEnvironment } from '../native/child-environment.ts';
import { findNpm, type Tool } from './find-npm.ts';
import { installFailure } from './install-failure.ts';
import type { InstallJob } from './install-job.ts';
import type { Bin, Manifest } from './installed-package.ts';
import { resolveBin } from './resolve-bin.ts';
import { runInstaller } from './run-installer.ts';

/** Installs into the empty folder `job.folder`. Throws INSTALL_FAILED or RUNTIME_UNAVAILABLE. */
export async function installNpm(job: InstallJob): Promise<Omit<Manifest, 'installedAt'>> {
  const npm = await findNpm(job.env);
  if (!npm) throw noNpm(job);
  await writeFile(join(job.folder, 'package.json'), '{ "private": true }\n');
  const [main = '', ...others] = job.request.packages;
  await runNpm(job, npm, [main]);
  const [name] = Object.keys(await dependencies(job.folder));
  if (name === undefined) throw installFailure({ ...describe(job, [main]), tail: ['npm installed nothing'] });
  if (others.length > 0) await runNpm(job, npm, others);
  return describeInstallation(job, name);
}

async function runNpm(job: InstallJob, npm: Tool, specs: readonly string[]): Promise<void> {
  const asked = specs.join(' ');
  job.report(`installing ${asked} with npm`);
  const { code, tail } = await runInstaller(
    {
      server: job.server,
      command: npm.command,
      args: [...npm.args, 'install', ...flags(job), '--', ...specs],
      env: installerEnvironment(job.env),
      cwd: job.folder,
    },
    { signal: job.signal, guard: job.guard, onLine: fetchCounter(asked, job.report) },
  );
  if (code !== 0) throw installFailure({ ...describe(job, specs), tail });
}

/** Spelt out where a setting of the user, or of the npm that may have started us, could mean another folder or no lock file. */
function flags({ request, folder, cacheDir }: InstallJob): string[] {
  return [
    `--prefix=${folder}`,
    '--global=false',
    '--workspaces=false',
    '--dry-run=false',
    '--save',
    '--save-exact',
    '--package-lock=true',
    '--omit=dev',
    '--install-links',
    request.installScripts ? '--ignore-scripts=false' : '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--no-progress',
    '--loglevel=http',
    // Its own are 10 s and 60 s: more than a minute until a registry that is down is reported.
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
    ...(cacheDir === undefined ? [] : [`--cache=${cacheDir}`]),
    ...request.options,
  ];
}

/** npm says nothing until it is done; what it fetches is the only sign of life. */
function fetchCounter(asked: string, report: (message: string) => void): (line: string) => void {
  let fetched = 0;
  return (line) => {
    if (!line.startsWith('npm http fetch')) return;
    fetched++;
    if (fetched % 10 === 0) report(`installing ${asked} with npm: ${fetched} downloads`);
  };
}

async function describeInstallation(job: InstallJob, name: string): Promise<Omit<Manifest, 'installedAt'>> {
  const names = [name, ...Object.keys(await dependencies(job.folder)).filter((each) => each !== name)];
  const bins: Record<string, Bin> = {};
  for (const each of names.toReversed()) Object.assign(bins, await binsOf(job.folder, each));
  const { version } = await readJson(join(job.folder, 'node_modules', name, 'package.json'));
  const integrity = await integrityOf(job.folder, name);
  return {
    format: 1,
    ecosystem: 'npm',
    asked: job.request.packages,
    name,
    version: String(version),
    ...(integrity ? { integrity } : {}),
    bins,
  };
}

/** `bin` is a path, or paths by name. A program that is named but not there is left out; the others may do. */
async function binsOf(folder: string, name: string): Promise<Record<string, Bin>> {
  const { bin } = await readJson(join(folder, 'node_modules', name, 'package.json'));
  const paths = typeof bin === 'string' ? { [name.replace(/^@[^/]*\//, '')]: bin } : isObject(bin) ? bin : {};
  const found: Record<string, Bin> = {};
  for (const [program, path] of Object.entries(paths)) {
    const file = join('node_modules', name, join('/', String(path)));
    const resolved = await resolveBin(folder, file).catch(() => undefined);
    if (resolved) found[program] = resolved;
  }
  return found;
}

async function dependencies(folder: string): Promise<Record<string, unknown>> {
  const { dependencies: found } = await readJson(join(folder, 'package.json'));
  return isObject(found) ? found : {};
}

async function integrityOf(folder: string, name: string): Promise<string | undefined> {
  const { packages } = await readJson(join(folder, 'package-lock.json'));
  const entry = isObject(packages) ? packages[`node_modules/${name}`] : undefined;
  return isObject(entry) && typeof entry.integrity === 'string' ? entry.integrity : undefined;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  return isObject(value) ? value : {};
}

const describe = ({ server }: InstallJob, asked: readonly string[]) => ({ server, installer: 'npm' as const, asked });

function noNpm({ server, request }: InstallJob): GatewayError {
  return new GatewayError('RUNTIME_UNAVAILABLE', `${server}: there is no npm to install ${request.packages[0]} with`, {
    hint: 'Install Node.js with npm, or install the server yourself and write its program as "command".',
  });
}
