/** Who a server is inside its container, where its entry leaves that open. */
import type Docker from 'dockerode';
import type { ContainerServer } from './container-options.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The image decides, with one exception: what the gateway's own user shares for writing belongs to that user and is closed
 * to others, and a root without capabilities is one of those. So such a container runs as the gateway does. Not where the
 * gateway is root, and not in a rootless engine, whose root is the gateway's user already.
 */
export async function chooseUser(
  docker: Docker,
  server: ContainerServer,
  gateway: Owner | undefined,
): Promise<string | undefined> {
  const sharesForWriting = server.mounts.some(({ readOnly }) => !readOnly);
  if (server.user !== undefined || !gateway || gateway.uid === 0 || !sharesForWriting) return server.user;
  return (await isRootless(docker)) ? undefined : `${gateway.uid}:${gateway.gid}`;
}

/** Docker says it among its security options, Podman in a field of its own. */
async function isRootless(docker: Docker): Promise<boolean> {
  const info = (await docker.info()) as { SecurityOptions?: string[] | null; Rootless?: boolean };
  return info.Rootless === true || (info.SecurityOptions ?? []).some((option) => option.includes('rootless'));
}

/** Undefined on Windows, where users have no such numbers. */
export function gatewayOwner(): Owner | undefined {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}
