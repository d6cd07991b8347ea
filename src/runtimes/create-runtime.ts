/** The door of this folder: from a server's configuration to the runtime that can start it. */
import { systemClock } from '../stdx/clock.ts';
import { type ContainerEngine, createContainerEngine } from './container/container-engine.ts';
import type { ContainerServer } from './container/container-options.ts';
import { createContainerRuntime } from './container/container-runtime.ts';
import type { Environment } from './native/child-environment.ts';
import { createNativeRuntime, type NativeServer } from './native/native-runtime.ts';
import { createParentGuard, type ParentGuard } from './native/parent-guard.ts';
import type { StopTimes } from './native/process-endpoint.ts';
import { createPackageStore, type PackageStore } from './packages/package-store.ts';
import { createRemoteAccess, type RemoteAccess, type RemoteServer } from './remote/remote-access.ts';
import { createRemoteRuntime } from './remote/remote-runtime.ts';
import type { Runtime } from './runtime.ts';

/** What a runtime needs to know of a server; a `ServerConfig` has all of it. */
export type RuntimeServer =
  | ({ readonly runtime: 'native' } & NativeServer)
  | ({ readonly runtime: 'remote' } & RemoteServer)
  | ({ readonly runtime: 'container' } & ContainerServer);

export interface RuntimeContextOptions {
  /** Installed packages go to `packages` in it. Absolute. */
  readonly dataDir: string;
  /** Files of the configuration, which servers in a sandbox do not see. */
  readonly configFiles?: readonly string[];
  /** The environment of the gateway; servers see only the allow-listed part of it. */
  readonly env: Environment;
  /** Secret that logins at remote servers are encrypted with; without one a key file is made. */
  readonly tokenSecret?: string | undefined;
  readonly installTimeoutMs?: number;
  readonly stopTimes?: StopTimes;
  /** Number of the configuration in use; containers are labelled with it. */
  readonly generation?: (() => number) | undefined;
  /** Told what an administrator should know: of this machine, of logins. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** What all runtimes of one gateway share. */
export interface RuntimeContext {
  readonly env: Environment;
  readonly packages: PackageStore;
  readonly engine: ContainerEngine;
  readonly remote: RemoteAccess;
  readonly guard: ParentGuard;
  readonly stopTimes: StopTimes | undefined;
  readonly ownPaths: readonly string[];
  /** Breaks off installations and pulls and lets the guard go, which ends what still runs: stop the instances first. */
  close(): Promise<void>;
}

export function createRuntimeContext({
  dataDir,
  configFiles = [],
  env,
  tokenSecret,
  installTimeoutMs,
  stopTimes,
  generation,
  warn,
}: RuntimeContextOptions): RuntimeContext {
  const guard = createParentGuard();
  const packages = createPackageStore({ dataDir, env, guard, installTimeoutMs });
  const engine = createContainerEngine({ dataDir, env, generation, warn });
  const remote = createRemoteAccess({ dataDir, env, tokenSecret, clock: systemClock, warn });
  return {
    env,
    packages,
    engine,
    remote,
    guard,
    stopTimes,
    ownPaths: [dataDir, ...configFiles],
    async close() {
      await Promise.all([packages.close(), engine.close(), remote.close()]);
      guard.close();
    },
  };
}

/** Starts and installs nothing by itself. */
export function createRuntime(server: RuntimeServer, context: RuntimeContext): Runtime {
  switch (server.runtime) {
    case 'native':
      return createNativeRuntime(server, context);
    case 'remote':
      return createRemoteRuntime(server, context.remote);
    case 'container':
      return createContainerRuntime(server, { engine: context.engine, stopTimes: context.stopTimes });
  }
}
