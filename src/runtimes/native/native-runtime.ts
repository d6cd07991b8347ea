/** Servers that are programs of this machine, with what `npx` and `uvx` would fetch for them installed beforehand. */
import { chown, mkdir } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import type { NativeServerConfig } from '../../config/config.ts';
import { GatewayError } from '../../errors.ts';
import { findOnPath } from '../packages/find-npm.ts';
import type { PackageStore } from '../packages/package-store.ts';
import { recognisePackage } from '../packages/recognise-package.ts';
import type { Endpoint, Runtime } from '../runtime.ts';
import { type Account, accountFor, assertReachable, environmentOf } from './account.ts';
import { childEnvironment, type Environment } from './child-environment.ts';
import { type CommandLine, type Confinement, confineProcess, existing } from './confine-process.ts';
import type { ParentGuard } from './parent-guard.ts';
import { ProcessEndpoint, type StopTimes } from './process-endpoint.ts';
import { spawnGroup } from './spawn-group.ts';

export type NativeServer = Pick<NativeServerConfig, 'name' | 'command' | 'args' | 'env' | 'cwd' | 'workspaceDir'> &
  Partial<Pick<NativeServerConfig, 'processLimits' | 'sandbox' | 'installScripts' | 'user'>>;

export interface NativeContext {
  /** The gateway's own environment; servers see the allow-listed part of it. */
  readonly env: Environment;
  readonly packages: PackageStore;
  readonly guard?: ParentGuard;
  readonly stopTimes?: StopTimes;
  /** Folders and files of the gateway, which servers in a sandbox do not see. */
  readonly ownPaths?: readonly string[];
}

interface PreparedLine extends CommandLine {
  /** Of the installed package, if it is one. */
  readonly folder?: string;
}

const STOP_TIMES: StopTimes = { graceMs: 1_000, termMs: 2_000 };

export function createNativeRuntime(server: NativeServer, context: NativeContext): Runtime {
  const request = recognisePackage(server);
  async function commandLine(...asked: Parameters<Runtime['prepare']>): Promise<PreparedLine> {
    if (!request) return server;
    const [onProgress, signal, isUrgent] = asked;
    const installed = await context.packages.install(request, { server: server.name, onProgress, signal, isUrgent });
    const { command, folder } = installed;
    return { command, folder, args: [...installed.args, ...request.args] };
  }
  return {
    async prepare(...asked) {
      await commandLine(...asked);
    },
    async launch(signal) {
      const line = await commandLine(undefined, signal);
      signal?.throwIfAborted();
      const { name, cwd } = server;
      const user = server.user === undefined ? undefined : await accountFor(name, server.user);
      await makeWorkspace(server, user);
      const env = childEnvironment(user ? environmentOf(context.env, user) : context.env, server.env);
      const confined = await confineProcess(
        pick(line),
        confinementOf(server, { env, folder: line.folder, hides: context.ownPaths ?? [] }),
      );
      if (user) await assertReachable(name, user, await neededBy(line, cwd, env));
      const spawned = await spawnGroup({ server: name, ...confined, env, cwd, user }, context.guard);
      const endpoint = new ProcessEndpoint(spawned, context.stopTimes ?? STOP_TIMES, context.guard);
      return unlessAborted(endpoint, signal);
    },
  };
}

const pick = ({ command, args }: CommandLine) => ({ command, args });

interface Surroundings extends Pick<Confinement, 'env' | 'hides'> {
  readonly folder: string | undefined;
}

function confinementOf(server: NativeServer, { env, folder, hides }: Surroundings): Confinement {
  const { name, cwd, workspaceDir, processLimits: limits = {}, sandbox = 'none' } = server;
  return { name, cwd, workspaceDir, limits, sandbox, env, hides, reads: folder === undefined ? [] : [folder] };
}

/** What another user than our own may be kept from; what is missing, the start itself will say. */
async function neededBy({ command, folder }: PreparedLine, cwd: string, env: Environment): Promise<string[]> {
  const program = isAbsolute(command) ? command : await findOnPath(command, env);
  return existing([cwd, folder, program].filter((path) => path !== undefined));
}

/** Only its owner may look into it: what servers keep there can be anything. */
export async function makeWorkspace(
  { name, workspaceDir }: Pick<NativeServer, 'name' | 'workspaceDir'>,
  owner?: Pick<Account, 'uid' | 'gid'>,
): Promise<void> {
  if (!workspaceDir) return;
  try {
    // Owners of other workspaces have to get through what is above, and see nothing there.
    await mkdir(dirname(workspaceDir), { recursive: true, mode: 0o711 });
    const made = await mkdir(workspaceDir, { recursive: true, mode: 0o700 });
    if (owner && made !== undefined) await chown(workspaceDir, owner.uid, owner.gid);
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
