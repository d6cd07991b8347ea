/** The door of this folder: from a server's configuration to the runtime that can start it. */
import type { ContainerServerConfig } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { Environment } from './native/child-environment.ts';
import { createNativeRuntime, type NativeServer } from './native/native-runtime.ts';
import { createParentGuard, type ParentGuard } from './native/parent-guard.ts';
import type { StopTimes } from './native/process-endpoint.ts';
import { createPackageStore, type PackageStore } from './packages/package-store.ts';
import { createRemoteRuntime, type RemoteServer } from './remote/remote-runtime.ts';
import type { Runtime } from './runtime.ts';

/** What a runtime needs to know of a server; a `ServerConfig` has all of it. */
export type RuntimeServer =
  | ({ readonly runtime: 'native' } & NativeServer)
  | ({ readonly runtime: 'remote' } & RemoteServer)
  | ({ readonly runtime: 'container' } & Pick<ContainerServerConfig, 'name'>);

export interface RuntimeContextOptions {
  /** Installed packages go to `packages` in it. Absolute. */
  readonly dataDir: string;
  /** The environment of the gateway; servers see only the allow-listed part of it. */
  readonly env: Environment;
  readonly installTimeoutMs?: number;
  readonly stopTimes?: StopTimes;
}

/** What all runtimes of one gateway share. */
export interface RuntimeContext {
  readonly env: Environment;
  readonly packages: PackageStore;
  readonly guard: ParentGuard;
  readonly stopTimes: StopTimes | undefined;
  /** Breaks off installations and lets the guard go, which ends what still runs: stop the instances first. */
  close(): Promise<void>;
}

export function createRuntimeContext({
  dataDir,
  env,
  installTimeoutMs,
  stopTimes,
}: RuntimeContextOptions): RuntimeContext {
  const guard = createParentGuard();
  const packages = createPackageStore({ dataDir, env, guard, installTimeoutMs });
  return {
    env,
    packages,
    guard,
    stopTimes,
    async close() {
      await packages.close();
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
      return createRemoteRuntime(server);
    case 'container':
      return unavailable(server.name);
  }
}

function unavailable(name: string): Runtime {
  const refuse = async () => {
    throw new GatewayError('RUNTIME_UNAVAILABLE', `${name}: containers cannot be started`);
  };
  return { prepare: refuse, launch: refuse };
}
