/** Every way in which an instance may change, in one table: what is not in it does not happen. */
import { GatewayError } from '../errors.ts';
import type { InstanceState } from './pool.ts';

export type InstanceEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'install-progressed'; readonly message: string }
  | { readonly kind: 'installed' }
  | { readonly kind: 'opened'; readonly nowMs: number }
  | { readonly kind: 'leased' }
  | { readonly kind: 'released' }
  | { readonly kind: 'drain-began'; readonly reason: string }
  | { readonly kind: 'ended'; readonly reason: string }
  /** A start that failed, or a life too short to be called one; with a time, no start is tried before it. */
  | { readonly kind: 'failed'; readonly reason: string; readonly untilMs: number | undefined }
  | { readonly kind: 'back-off-ended' }
  | { readonly kind: 'reset' };

type Of<Union extends { kind: string }, Kind> = Extract<Union, { kind: Kind }>;

type Table = {
  readonly [State in InstanceState['kind']]: {
    readonly [Event in InstanceEvent['kind']]?: (
      state: Of<InstanceState, State>,
      event: Of<InstanceEvent, Event>,
    ) => InstanceState;
  };
};

const stopped = (): InstanceState => ({ kind: 'stopped' });
const starting = (): InstanceState => ({ kind: 'starting' });
const installing = (_: InstanceState, event: Of<InstanceEvent, 'install-progressed'>): InstanceState => ({
  kind: 'installing',
  message: event.message,
});
const failed = (_: InstanceState, { reason, untilMs }: Of<InstanceEvent, 'failed'>): InstanceState =>
  untilMs === undefined ? { kind: 'failed', reason } : { kind: 'backing-off', untilMs, reason };

export const TRANSITIONS: Table = {
  stopped: { started: starting },
  starting: {
    'install-progressed': installing,
    installed: starting,
    opened: (_, { nowMs }) => ({ kind: 'ready', leases: 0, sinceMs: nowMs }),
    failed,
    ended: stopped,
  },
  installing: { 'install-progressed': installing, installed: starting, failed, ended: stopped },
  ready: {
    leased: (state) => ({ ...state, leases: state.leases + 1 }),
    released: (state) => ({ ...state, leases: state.leases - 1 }),
    'drain-began': ({ leases }) => ({ kind: 'draining', leases }),
    failed,
    ended: stopped,
  },
  draining: { released: ({ leases }) => ({ kind: 'draining', leases: leases - 1 }), ended: stopped },
  'backing-off': { 'back-off-ended': ({ reason }) => ({ kind: 'failed', reason }), reset: stopped },
  failed: { started: starting, reset: stopped },
};

/** The state after `event`. Throws INTERNAL for what the table does not know: that is a bug of the caller. */
export function transition(state: InstanceState, event: InstanceEvent): InstanceState {
  // The table's type proves that state and event fit together; a lookup by two variables cannot carry that proof.
  const row = TRANSITIONS[state.kind] as Partial<
    Record<InstanceEvent['kind'], (state: InstanceState, event: InstanceEvent) => InstanceState>
  >;
  const change = row[event.kind];
  if (!change) throw new GatewayError('INTERNAL', `An instance that is ${state.kind} cannot be ${event.kind}`);
  return change(state, event);
}
