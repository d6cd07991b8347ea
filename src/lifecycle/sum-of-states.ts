/** One state for several instances or slots: ready when one is, else what is nearest to it. */
import type { InstanceState } from './pool.ts';

const ORDER: readonly InstanceState['kind'][] = ['installing', 'starting', 'draining', 'backing-off', 'failed'];

/** Leases are added up; `otherwise` is the answer for none. */
export function sumOfStates(states: readonly InstanceState[], otherwise?: InstanceState): InstanceState {
  const ready = states.filter((state) => state.kind === 'ready');
  const [oldest] = ready;
  if (oldest) return { ...oldest, leases: ready.reduce((sum, { leases }) => sum + leases, 0) };
  for (const kind of ORDER) {
    const state = states.find((each) => each.kind === kind);
    if (state) return state;
  }
  return otherwise ?? { kind: 'stopped' };
}
