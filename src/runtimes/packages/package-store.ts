/** The packages of all servers: each is installed once, by one process, whole or not at all, and then only looked up. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { Turns } from '../../stdx/turns.ts';
import type { Environment } from '../native/child-environment.ts';
import type { ParentGuard } from '../native/parent-guard.ts';
import type { PrepareProgress } from '../runtime.ts';
import { SharedTasks } from '../shared-task.ts';
import { acquireLock } from './install-lock.ts';
import { installNpm } from './install-npm.ts';
import { installPython } from './install-python.ts';
import {
  commandOf,
  findInstallation,
  folderName,
  type Installation,
  type InstalledCommand,
  writeManifest,
} from './installed-package.ts';
import { type PackageRequest, requestHash } from './package-request.ts';

export interface InstallOptions {
  readonly server: string;
  readonly onProgress?: PrepareProgress;
  /** Ends the waiting of this caller. The installation goes on and serves the next one. */
  readonly signal?: AbortSignal;
  /** Asked while it waits for its turn: whether this caller would go before others. */
  readonly isUrgent?: (() => boolean) | undefined;
}

export interface PackageStore {
  /** How to start what was asked for, after installing it if it is not there. Throws INSTALL_FAILED or RUNTIME_UNAVAILABLE. */
  install(request: PackageRequest, options: InstallOptions): Promise<InstalledCommand>;
  /** Kills installations under way and resolves when they are gone. */
  close(): Promise<void>;
}

export interface PackageStoreOptions {
  /** Packages go to `packages/npm` and `packages/pypi` in it. Absolute. */
  readonly dataDir: string;
  /** The gateway's own environment. */
  readonly env: Environment;
  readonly guard?: ParentGuard;
  readonly installTimeoutMs?: number;
  /** An empty one makes installers ask anew what there is. Absolute; default: each installer's own. */
  readonly cacheDir?: string;
}

/** An installer takes a fifth of a gigabyte and all the processor that it gets. */
const INSTALLS_AT_ONCE = 4;
const INSTALL_TIMEOUT_MS = 10 * 60_000;
/** How often a long silent installation says that it is still alive. */
const HEARTBEAT_MS = 5_000;

export function createPackageStore(options: PackageStoreOptions): PackageStore {
  const tasks = new SharedTasks<Installation>();
  const turns = new Turns(INSTALLS_AT_ONCE);
  const closing = new AbortController();
  return {
    async install(request, { server, onProgress, signal, isUrgent: isCallerUrgent }) {
      const root = resolve(options.dataDir, 'packages', request.ecosystem);
      const found = await findInstallation(root, request);
      if (found) return commandOf(found, request);
      const work = (report: PrepareProgress, isUrgent: () => boolean) =>
        turns.run(() => installLocked({ ...options, root, server, request, report, closing: closing.signal }), {
          signal: closing.signal,
          isUrgent,
          onWait: () => report(`waiting to install ${request.packages[0]}: others are being installed`),
        });
      return commandOf(
        await tasks.join(requestHash(request), work, { onProgress, signal, isUrgent: isCallerUrgent }),
        request,
      );
    },
    async close() {
      closing.abort(
        new GatewayError('SHUTTING_DOWN', 'The installation was broken off, as the gateway is shutting down.'),
      );
      await tasks.settled();
    },
  };
}

interface Work extends PackageStoreOptions {
  readonly root: string;
  readonly server: string;
  readonly request: PackageRequest;
  readonly report: PrepareProgress;
  readonly closing: AbortSignal;
}

async function installLocked(work: Work): Promise<Installation> {
  const { root, request, report, server } = work;
  using limit = deadline(work);
  try {
    const release = await acquireLock(join(root, '.locks', requestHash(request)), {
      signal: limit.signal,
      onWait: (owner) => report(`waiting for process ${owner}, which is installing ${request.packages[0]}`),
    });
    try {
      return (await findInstallation(root, request)) ?? (await installFresh(work, limit.signal));
    } finally {
      await release();
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : unexpected(server, request, error);
  }
}

/** In a folder beside the final one, so that a look never finds a half of it. */
async function installFresh(work: Work, signal: AbortSignal): Promise<Installation> {
  const { root, request, env, guard, server, cacheDir } = work;
  const partial = join(root, `.partial-${requestHash(request)}`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  using heartbeat = beat(work.report);
  try {
    const install = request.ecosystem === 'npm' ? installNpm : installPython;
    const job = { server, request, folder: partial, env, signal, guard, cacheDir, report: heartbeat.report };
    const manifest = { ...(await install(job)), installedAt: new Date().toISOString() };
    await writeManifest(partial, manifest);
    await removeBroken(root, request);
    const folder = join(root, folderName(manifest, request));
    await rename(partial, folder);
    return { folder, manifest };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** What is in the place of the new one was found unusable a moment ago. */
async function removeBroken(root: string, request: PackageRequest): Promise<void> {
  const ending = `-${requestHash(request)}`;
  for (const name of await readdir(root)) {
    if (name.endsWith(ending) && !name.startsWith('.')) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** Aborts when the store closes or the time is up. */
function deadline({ closing, server, request, installTimeoutMs = INSTALL_TIMEOUT_MS }: Work) {
  const late = new AbortController();
  const tooLong = () =>
    late.abort(
      new GatewayError(
        'INSTALL_FAILED',
        `${server}: ${request.packages[0]} was not installed within ${installTimeoutMs / 1_000} s`,
        {
          hint: 'Check the network and the registry, then try again.',
        },
      ),
    );
  const timer = setTimeout(tooLong, installTimeoutMs);
  return {
    signal: AbortSignal.any([closing, late.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** Repeats the last message with the time gone by while nothing new is said. */
function beat(report: PrepareProgress) {
  const startedAt = performance.now();
  let last = '';
  const timer = setInterval(
    () => report(`${last} (${Math.round((performance.now() - startedAt) / 1_000)} s)`),
    HEARTBEAT_MS,
  );
  timer.unref();
  return {
    report: (message: string) => {
      last = message;
      timer.refresh();
      report(message);
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function unexpected(server: string, request: PackageRequest, error: unknown): GatewayError {
  const message = error instanceof Error ? error.message : String(error);
  return new GatewayError('INSTALL_FAILED', `${server}: cannot install ${request.packages[0]}: ${message}`, {
    hint: 'Check that the data directory is writable and has room.',
    cause: error,
  });
}
