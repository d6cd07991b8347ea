import { describe, expect, it } from 'vitest';
import { limitsLeftOut } from '../../../src/runtimes/container/limits-left-out.ts';

const all = { MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true };

describe('limits that an engine leaves out', () => {
  it.each([
    { what: 'none, where it keeps them', facts: { ...all, CgroupVersion: '1', CgroupDriver: 'cgroupfs' }, out: [] },
    { what: 'none, where it says nothing', facts: {}, out: [] },
    { what: 'memory, as on small boards', facts: { ...all, MemoryLimit: false }, out: ['memory'] },
    {
      what: 'all, in rootless Podman on cgroup v1, which says otherwise',
      facts: { ...all, Rootless: true, CgroupVersion: '1' },
      out: ['memory', 'cores', 'processes'],
    },
    { what: 'none, in rootless Podman on cgroup v2', facts: { ...all, Rootless: true, CgroupVersion: '2' }, out: [] },
    {
      what: 'all, in rootless Docker without cgroups',
      facts: { CgroupVersion: '1', CgroupDriver: 'none' },
      out: ['memory', 'cores', 'processes'],
    },
  ])('are $what', ({ facts, out }) => {
    expect(limitsLeftOut(facts)).toEqual(out);
  });
});
