/** What a container engine says of itself, asked once for each connection: the answer takes longer than most others. */
import type Docker from 'dockerode';

export interface EngineFacts {
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
  /** Podman's word for it. */
  readonly Rootless?: boolean;
  /** Docker's. */
  readonly SecurityOptions?: readonly string[] | null;
}

/** Nothing where it does not say, as behind a proxy that lets no such question through. */
export async function factsOf(docker: Docker): Promise<EngineFacts> {
  return (await docker.info().catch(() => ({}))) as EngineFacts;
}

export function isRootless({ Rootless, SecurityOptions }: EngineFacts): boolean {
  return Rootless === true || (SecurityOptions ?? []).some((option) => option.includes('rootless'));
}
