/** Keeps a container from being given the machine: looks at where a mount leads, not only at how it is spelt. */
import { realpath, stat } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import type { Danger, Mount } from '../../config/config.ts';
import { GatewayError } from '../../errors.ts';

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

/** Throws NOT_ALLOWED for the engine's socket, any other socket, and folders of the system; START_FAILED for what is not there. */
export async function refuseDangerousMounts(
  server: string,
  mounts: readonly Mount[],
  allowed: readonly Danger[] = [],
): Promise<void> {
  for (const { source } of mounts) {
    const reason = await dangerOf(server, source, allowed);
    if (reason === undefined) continue;
    throw new GatewayError('NOT_ALLOWED', `${server}: ${source} must not be mounted: ${reason}`, {
      hint: 'Mount a folder that holds only what the server works on.',
    });
  }
}

async function dangerOf(server: string, source: string, allowed: readonly Danger[]): Promise<string | undefined> {
  const target = await realpath(source).catch((cause) => {
    throw new GatewayError('START_FAILED', `${server}: ${source}, which it mounts, is not there`, {
      hint: `Create it, or correct "mounts" of ${server}.`,
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
  return folder === undefined ? undefined : `it leads to ${folder}, which belongs to the system`;
}
