import { describe, expect, it } from 'vitest';
import { type InstanceEvent, TRANSITIONS, transition } from '../../../src/lifecycle/instance-transitions.ts';
import type { InstanceState } from '../../../src/lifecycle/pool.ts';

const STATES: InstanceState[] = [
  { kind: 'stopped' },
  { kind: 'installing', message: 'fetching' },
  { kind: 'starting' },
  { kind: 'ready', leases: 2, sinceMs: 5 },
  { kind: 'draining', leases: 1 },
  { kind: 'backing-off', untilMs: 9, reason: 'no key' },
  { kind: 'failed', reason: 'no key' },
];

const EVENTS: InstanceEvent[] = [
  { kind: 'started' },
  { kind: 'install-progressed', message: 'half' },
  { kind: 'installed' },
  { kind: 'opened', nowMs: 7 },
  { kind: 'leased' },
  { kind: 'released' },
  { kind: 'drain-began', reason: 'idle' },
  { kind: 'ended', reason: 'idle' },
  { kind: 'failed', reason: 'no key', untilMs: undefined },
  { kind: 'back-off-ended' },
  { kind: 'reset' },
];

describe('transition', () => {
  it.each([
    ['stopped', 'started', { kind: 'starting' }],
    ['starting', 'install-progressed', { kind: 'installing', message: 'half' }],
    ['installing', 'installed', { kind: 'starting' }],
    ['starting', 'opened', { kind: 'ready', leases: 0, sinceMs: 7 }],
    ['ready', 'leased', { kind: 'ready', leases: 3, sinceMs: 5 }],
    ['ready', 'released', { kind: 'ready', leases: 1, sinceMs: 5 }],
    ['ready', 'drain-began', { kind: 'draining', leases: 2 }],
    ['draining', 'released', { kind: 'draining', leases: 0 }],
    ['draining', 'ended', { kind: 'stopped' }],
    ['starting', 'failed', { kind: 'failed', reason: 'no key' }],
    ['backing-off', 'back-off-ended', { kind: 'failed', reason: 'no key' }],
    ['backing-off', 'reset', { kind: 'stopped' }],
    ['failed', 'started', { kind: 'starting' }],
  ] as const)('%s, %s', (from, event, to) => {
    expect(transition(stateOf(from), eventOf(event))).toEqual(to);
  });

  it('backs off when a failure names a time', () => {
    const event: InstanceEvent = { kind: 'failed', reason: 'again', untilMs: 1000 };
    expect(transition({ kind: 'starting' }, event)).toEqual({ kind: 'backing-off', untilMs: 1000, reason: 'again' });
  });

  it('refuses whatever the table does not hold', () => {
    for (const state of STATES) {
      for (const event of EVENTS) {
        const isKnown = event.kind in TRANSITIONS[state.kind];
        const attempt = () => transition(state, event);
        if (isKnown) expect(attempt).not.toThrow();
        else expect(attempt, `${state.kind}, ${event.kind}`).toThrow(/cannot be/);
      }
    }
  });

  it('leases only what is ready', () => {
    const leasable = STATES.filter(({ kind }) => 'leased' in TRANSITIONS[kind]).map(({ kind }) => kind);
    expect(leasable).toEqual(['ready']);
  });
});

function stateOf(kind: InstanceState['kind']): InstanceState {
  const state = STATES.find((each) => each.kind === kind);
  if (!state) throw new Error(kind);
  return state;
}

function eventOf(kind: InstanceEvent['kind']): InstanceEvent {
  const event = EVENTS.find((each) => each.kind === kind);
  if (!event) throw new Error(kind);
  return event;
}
