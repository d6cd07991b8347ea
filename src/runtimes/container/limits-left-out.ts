/** Which limits a container engine leaves out without a word, because its kernel or its cgroups cannot keep them. */
import type { EngineFacts } from './engine-facts.ts';

/** `memory`, `cores`, `processes`; what an engine does not tell counts as kept. */
export function limitsLeftOut(facts: EngineFacts): string[] {
  const { MemoryLimit: memory, CpuCfsQuota: cores, PidsLimit: processes } = facts;
  // Podman tells what it could keep if it were not rootless.
  const hasNoCgroups = (facts.Rootless === true && facts.CgroupVersion === '1') || facts.CgroupDriver === 'none';
  return Object.entries({ memory, cores, processes }).flatMap(([name, kept]) =>
    hasNoCgroups || kept === false ? [name] : [],
  );
}
