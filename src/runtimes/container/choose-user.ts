/** Who a server is inside its container, where its entry leaves that open: not root, unless it could not do its work then. */
import { stat } from 'node:fs/promises';
import type Docker from 'dockerode';
import { type ContainerServer, imageWithTag } from './container-options.ts';
import { type EngineFacts, isRootless } from './engine-facts.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface ChosenUser {
  /** As engines take it; undefined leaves it to the image. */
  readonly user: string | undefined;
  /** Whose a workspace has to be that is made now; undefined for the gateway's own user. */
  readonly owner: Owner | undefined;
}

/** The owner of nothing, on nearly all systems and in nearly all images. */
const NOBODY: Owner = { uid: 65534, gid: 65534 };
const IMAGES_OWN: ChosenUser = { user: undefined, owner: undefined };

/**
 * The one of the entry, else of the image if that is not root, else nobody. But what is shared must be within reach, and a
 * container has no capabilities to get past its rights: so it runs as the gateway where that is not root and shares
 * something for writing, as the owner of what root shares, and as root if only root may. Not in a rootless engine, whose
 * root is the gateway's user, and not where a privileged container is meant.
 */
export async function chooseUser(
  { docker, facts }: { readonly docker: Docker; readonly facts: EngineFacts },
  server: ContainerServer,
  gateway: Owner | undefined,
): Promise<ChosenUser> {
  const isRoot = gateway?.uid === 0;
  if (server.user !== undefined) return { user: server.user, owner: isRoot ? numbersIn(server.user) : undefined };
  if (server.isPrivileged || isRootless(facts)) return IMAGES_OWN;
  const sharesForWriting = server.mounts.some(({ readOnly }) => !readOnly);
  if (sharesForWriting && !isRoot) return gateway ? { user: shown(gateway), owner: undefined } : IMAGES_OWN;
  const usual = await usualUser(docker, server.image);
  return isRoot ? ownerOfShares(server, usual) : { user: usual && shown(usual), owner: undefined };
}

async function usualUser(docker: Docker, image: string): Promise<Owner | undefined> {
  // What is wrong with an image the engine says best when the container is created.
  const found = await docker
    .getImage(imageWithTag(image))
    .inspect()
    .catch(() => undefined);
  const named = found?.Config?.User || 'root';
  const own = numbersIn(named);
  return own?.uid === 0 || /^root(?::|$)/.test(named) ? NOBODY : own;
}

/** For a gateway that is root: what it shares can be anybody's, and only the owner may be let in. */
async function ownerOfShares({ mounts }: ContainerServer, usual: Owner | undefined): Promise<ChosenUser> {
  for (const { source, readOnly } of mounts) {
    const found = await stat(source).catch(() => undefined);
    // Made later, for whoever it is; or open to all.
    if (!found || (readOnly && (found.mode & 0o004) !== 0)) continue;
    return found.uid === 0 ? IMAGES_OWN : { user: shown(found), owner: found };
  }
  return { user: usual && shown(usual), owner: usual };
}

const shown = ({ uid, gid }: Owner) => `${uid}:${gid}`;

/** Undefined for names, which only the image knows. */
function numbersIn(user: string): Owner | undefined {
  const [, uid, gid = uid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Undefined on Windows, where users have no such numbers. */
export function gatewayOwner(): Owner | undefined {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}
