/** Servers that are programs of this machine, with what `npx` and `uvx` would fetch for them installed beforehand. */
import { mkdir } from 'node:fs/promises';
import type { NativeServerConfig } from '../../config/config.ts';
import { GatewayError } from '../../errors.ts';
import type { PackageStore } from '../packages/package-store.ts';
import { recognisePackage } from '../packages/recognise-package.ts';
import type { Endpoint, PrepareProgress, Runtime } from '../runtime.ts';
import { childEnvironment, type Environment } from './child-environment.ts';
import { type CommandLine, type Confinement, confineProcess } from './confine-process.ts';
import type { ParentGuard } from './parent-guard.ts';
import { ProcessEndpoint, type StopTimes } from './process-endpoint.ts';
import { spawnGroup } from './spawn-group.ts';

export type NativeServer = Pick<NativeServerConfig, 'name' | 'command' | 'args' | 'env' | 'cwd' | 'workspaceDir'> &
  Partial<Pick<NativeServerConfig, 'processLimits' | 'sandbox' | 'installScripts'>>;

export interface NativeContext {
  /** The gateway's own environment; servers see the allow-listed part of it. */
  readonly env: Environment;
  readonly packages: PackageStore;
  readonly guard?: ParentGuard;
  readonly stopTimes?: StopTimes;
}

interface PreparedLine extends CommandLine {
  /** Of the installed package, if it is one. */
  readonly folder?: string;
}

const STOP_TIMES: StopTimes = { graceMs: 1_000, termMs: 2_000 };

export function createNativeRuntime(server: NativeServer, context: NativeContext): Runtime {
  const request = recognisePackage(server);
  async function commandLine(onProgress?: PrepareProgress, signal?: AbortSignal): Promise<PreparedLine> {
    if (!request) return server;
    const installed = await context.packages.install(request, { server: server.name, onProgress, signal });
    const { command, folder } = installed;
    return { command, folder, args: [...installed.args, ...request.args] };
  }
  return {
    async prepare(onProgress, signal) {
      await commandLine(onProgress, signal);
    },
    async launch(signal) {
      const line = await commandLine(undefined, signal);
      signal?.throwIfAborted();
      await makeWorkspace(server);
      const env = childEnvironment(context.env, server.env);
      const confined = await confineProcess(pick(line), confinementOf(server, { env, folder: line.folder }));
      const spawned = await spawnGroup({ server: server.name, ...confined, env, cwd: server.cwd }, context.guard);
      const endpoint = new ProcessEndpoint(spawned, context.stopTimes ?? STOP_TIMES, context.guard);
      return unlessAborted(endpoint, signal);
    },
  };
}

const pick = ({ command, args }: CommandLine) => ({ command, args });

function confinementOf(server: NativeServer, { env, folder }: { env: Environment; folder?: string }): Confinement {
  const { name, cwd, workspaceDir, processLimits: limits = {}, sandbox = 'none' } = server;
  return { name, cwd, workspaceDir, limits, sandbox, env, reads: folder === undefined ? [] : [folder] };
}

/** Only its owner may look into it: what servers keep there can be anything. */
export async function makeWorkspace({
  name,
  workspaceDir,
}: Pick<NativeServer, 'name' | 'workspaceDir'>): Promise<void> {
  if (!workspaceDir) return;
  try {
    await mkdir(workspaceDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new GatewayError(
      'START_FAILED',
      `${name}: its workspace ${workspaceDir} cannot be made: ${(cause as Error).message}`,
      {
        hint: 'Choose a "workspace_root" that this user may write to.',
        cause,
      },
    );
  }
}

async function unlessAborted(endpoint: ProcessEndpoint, signal: AbortSignal | undefined): Promise<Endpoint> {
  if (!signal?.aborted) return endpoint;
  await endpoint.stop();
  throw signal.reason;
}
