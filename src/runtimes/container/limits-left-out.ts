/** Which limits a container engine leaves out without a word, because its kernel or its cgroups cannot keep them. */

/** What engines say of themselves; Podman knows of cgroups less than it says when it is rootless. */
export interface EngineFacts {
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly Rootless?: boolean;
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
}

/** `memory`, `cores`, `processes`; what an engine does not tell counts as kept. */
export function limitsLeftOut(facts: EngineFacts): string[] {
  const { MemoryLimit: memory, CpuCfsQuota: cores, PidsLimit: processes } = facts;
  const hasNoCgroups = (facts.Rootless === true && facts.CgroupVersion === '1') || facts.CgroupDriver === 'none';
  return Object.entries({ memory, cores, processes }).flatMap(([name, kept]) =>
    hasNoCgroups || kept === false ? [name] : [],
  );
}
