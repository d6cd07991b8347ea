/** Installs the newest version of a package beside the one that runs, to be looked at, and then put in its place or removed. */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { isRunning } from '../../stdx/is-running.ts';
import type { PrepareProgress } from '../runtime.ts';
import { acquireLock } from './install-lock.ts';
import {
  commandOf,
  findInstallation,
  folderName,
  foldersOf,
  type Installation,
  type InstalledCommand,
  retireInstallation,
  writeManifest,
} from './installed-package.ts';
import { isNewerPythonVersion } from './newer-python-version.ts';
import { isNewerVersion } from './newer-version.ts';
import { type PackageRequest, requestHash } from './package-request.ts';
import { createPackageStore, type PackageStoreOptions } from './package-store.ts';

export interface PackageUpgrade {
  readonly installed: InstalledCommand;
  /** Stands in a folder of its own until it is adopted. */
  readonly candidate: InstalledCommand;
  readonly isNewer: boolean;
  /** The exact version that the command asks for, and what would ask for the candidate; undefined where the command leaves it open. */
  readonly pin: { readonly from: string; readonly to: string } | undefined;
  /** From now on a start takes the candidate, for a pinned command once it asks for it. */
  adopt(): Promise<void>;
  /** Removes the candidate if it was not adopted. */
  discard(): Promise<void>;
}

export interface UpgradeOptions extends PackageStoreOptions {
  readonly server: string;
  readonly onProgress: PrepareProgress;
}

/** Throws USAGE for a package that is not installed yet, INSTALL_FAILED and RUNTIME_UNAVAILABLE as an installation does. */
export async function tryUpgrade(request: PackageRequest, options: UpgradeOptions): Promise<PackageUpgrade> {
  const { dataDir, server, onProgress } = options;
  const root = resolve(dataDir, 'packages', request.ecosystem);
  const found = await findInstallation(root, request);
  if (!found) throw notInstalled(server, request);
  const [asked = ''] = request.packages;
  const { exactName, newest, exactly, isNewer } = SPELLING[request.ecosystem];
  const name = exactName(asked);
  const wanted = name === undefined ? request : withMain(request, newest(name));
  const trial = await makeTrial(dataDir);
  const discard = () => rm(trial, { recursive: true, force: true });
  // An installer's own cache may be older than what there is, and when the registry is down npm takes it without a word.
  const store = createPackageStore({ ...options, dataDir: trial, cacheDir: join(trial, 'cache') });
  try {
    await store.install(wanted, { server, onProgress });
    const candidate = await findInstallation(join(trial, 'packages', request.ecosystem), wanted);
    if (!candidate) throw new Error(`the installation in ${trial} is gone`);
    const { version } = candidate.manifest;
    const to = name === undefined ? undefined : exactly(name, version);
    return {
      installed: commandOf(found, request),
      candidate: commandOf(candidate, request),
      isNewer: isNewer(version, found.manifest.version),
      pin: to === undefined ? undefined : { from: asked, to },
      adopt: () => adopt(root, candidate, to === undefined ? request : withMain(request, to)),
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  } finally {
    await store.close();
  }
}

interface Spelling {
  /** The name in a specifier of one version; undefined for tags, ranges, addresses and a bare name. */
  readonly exactName: (spec: string) => string | undefined;
  readonly newest: (name: string) => string;
  readonly exactly: (name: string, version: string) => string;
  readonly isNewer: (candidate: string, current: string) => boolean;
}

const SPELLING: Readonly<Record<PackageRequest['ecosystem'], Spelling>> = {
  npm: {
    exactName: (spec) => /^((?:@[^/@]+\/)?[^/@]+)@v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.exec(spec)?.[1],
    newest: (name) => `${name}@latest`,
    exactly: (name, version) => `${name}@${version}`,
    isNewer: isNewerVersion,
  },
  pypi: {
    // With its extras, such as `name[cli]`.
    exactName: (spec) => /^([\w.-]+(?:\[[^\]]*\])?)\s*==\s*[^\s*,;]+$/.exec(spec)?.[1],
    newest: (name) => name,
    exactly: (name, version) => `${name}==${version}`,
    isNewer: isNewerPythonVersion,
  },
};

const withMain = (request: PackageRequest, main: string): PackageRequest => ({
  ...request,
  packages: [main, ...request.packages.slice(1)],
});

/** In the data folder, so that a rename suffices to adopt it. Those of processes that were killed go first. */
async function makeTrial(dataDir: string): Promise<string> {
  const trials = resolve(dataDir, 'upgrades');
  await mkdir(trials, { recursive: true });
  for (const name of await readdir(trials)) {
    if (!isRunning(Number.parseInt(name, 10))) await rm(join(trials, name), { recursive: true, force: true });
  }
  return mkdtemp(join(trials, `${process.pid}-`));
}

/** The replaced copy keeps its files until the next upgrade, since a server may be running from them. */
async function adopt(root: string, { folder, manifest }: Installation, request: PackageRequest): Promise<void> {
  const release = await acquireLock(join(root, '.locks', requestHash(request)));
  try {
    const present = await findInstallation(root, request);
    if (present?.manifest.version === manifest.version) return;
    for (const each of await foldersOf(root, request)) {
      if (each !== present?.folder) await rm(each, { recursive: true, force: true });
    }
    await writeManifest(folder, { ...manifest, asked: request.packages });
    await rename(folder, join(root, folderName(manifest, request)));
    if (present) await retireInstallation(present.folder);
  } finally {
    await release();
  }
}

function notInstalled(server: string, { packages }: PackageRequest): GatewayError {
  return new GatewayError('USAGE', `${server}: ${packages[0]} is not installed yet, so there is nothing to upgrade`, {
    hint: `"tooldex index ${server}" installs it.`,
  });
}
