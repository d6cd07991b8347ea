/** Keeps a container from being given the machine: looks at where a mount leads, not only at how it is spelt. */
import { realpath, stat } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { isWithin } from '../../config/paths.ts';
import { GatewayError } from '../../errors.ts';
import type { ContainerServer } from './container-options.ts';

const MACHINE = [
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/var/run',
  '/boot',
  '/etc',
  '/var/lib/docker',
  '/var/lib/containers',
];
const ENGINE_SOCKET = /^(docker|podman|containerd|crio|buildkitd)\.sock$/;

type Mounting = Pick<ContainerServer, 'name' | 'mounts' | 'workspaceRoot' | 'allowDangerous'>;

/**
 * Throws NOT_ALLOWED for the engine's socket, any other socket, folders of the system, and links out of `workspace_root`,
 * which another server may have made there; START_FAILED for what is not there.
 */
export async function refuseDangerousMounts(server: Mounting): Promise<void> {
  for (const { source } of server.mounts) {
    const reason = await dangerOf(source, server);
    if (reason === undefined) continue;
    throw new GatewayError('NOT_ALLOWED', `${server.name}: ${source} must not be mounted: ${reason}`, {
      hint: 'Mount a folder that holds only what the server works on.',
    });
  }
}

async function dangerOf(
  source: string,
  { name, workspaceRoot, allowDangerous: allowed = [] }: Mounting,
): Promise<string | undefined> {
  const target = await realpath(source).catch((cause) => {
    throw new GatewayError('START_FAILED', `${name}: ${source}, which it mounts, is not there`, {
      hint: `Create it, or correct "mounts" of ${name}.`,
      cause,
    });
  });
  if ((await stat(target)).isSocket() || ENGINE_SOCKET.test(basename(target))) {
    if (allowed.includes('engine_socket')) return undefined;
    return 'a socket hands over what listens behind it, and the one of the engine hands over this machine';
  }
  if (allowed.includes('host_paths')) return undefined;
  if (target === sep) return 'it is the whole machine';
  const folder = MACHINE.find(
    (each) => target === each || target.startsWith(`${each}/`) || each.startsWith(`${target}/`),
  );
  // A parent of several of these, such as /var, holds the engine's own data.
  if (folder !== undefined) return `it leads to ${folder}, which belongs to the system`;
  const root = workspaceRoot === undefined ? undefined : await realpath(workspaceRoot).catch(() => workspaceRoot);
  if (root === undefined || isWithin(target, root)) return undefined;
  return `it leads to ${target}, outside of workspace_root; allow_dangerous: [host_paths] allows it`;
}
