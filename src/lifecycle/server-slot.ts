/** The place of one server's instances that are shared by the same callers, and what is remembered between them. */
import { GatewayError } from '../errors.ts';
import { abortable } from '../stdx/abort.ts';
import { BackOff } from './back-off.ts';
import { Gate } from './gate.ts';
import { Instance, type InstanceOptions } from './instance.ts';
import { type InstanceEvent, transition } from './instance-transitions.ts';
import type { AcquireOptions, InstanceState, Lease } from './pool.ts';
import type { Change, ServerPlan } from './server-plan.ts';
import { sumOfStates } from './sum-of-states.ts';

/** Callers that may wait for a server's turn; the rest is told to come again. */
const WAITING_MAX = 100;
/** An instance may die between its start and its first lease; a second one doing so is no coincidence. */
const ATTEMPTS_MAX = 2;

export interface SlotOptions extends Omit<InstanceOptions, 'plan' | 'backOff'> {
  readonly planOf: () => ServerPlan | undefined;
  /** Nothing lives any more and nobody waits; or a call is over that may have been the last. */
  readonly onRest: () => void;
}

export class ServerSlot {
  readonly #options: SlotOptions;
  readonly #live = new Set<Instance>();
  readonly #backOff = new BackOff();
  /** The daemon that takes new leases; a draining or ended one is no longer here. */
  #daemon: Instance | undefined;
  /** What the server is when nothing of it lives. */
  #rest: InstanceState = { kind: 'stopped' };
  #cancelBackOff: (() => void) | undefined;
  #gate: { readonly limit: number; readonly gate: Gate } | undefined;
  #asking = 0;
  #isClosed = false;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get state(): InstanceState {
    return sumOfStates(
      [...this.#live].map((instance) => instance.state),
      this.#rest,
    );
  }

  /** Nothing lives and nobody waits; a failure may still be remembered. */
  get isAtRest(): boolean {
    return this.#live.size === 0 && this.#asking === 0;
  }

  /** There is nothing to remember either. */
  get isSpent(): boolean {
    return this.isAtRest && this.#rest.kind === 'stopped' && this.#backOff.failures === 0;
  }

  async acquire(options: AcquireOptions): Promise<Lease> {
    this.#asking++;
    try {
      return await this.#acquire(options);
    } finally {
      this.#asking--;
      if (this.#live.size === 0) this.#options.onRest();
    }
  }

  async #acquire(options: AcquireOptions): Promise<Lease> {
    const plan = this.#daemon?.plan ?? this.#plan();
    // The common case, a daemon that is up, costs no more than this.
    if (plan.concurrency === undefined) return this.#daemonLease(plan) ?? this.#leaseNew(plan, options, () => {});
    const leave = await this.#enter(plan.concurrency, options.signal);
    try {
      return await this.#leaseNew(plan, options, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Like `stop`, and nothing starts here any more, not even for those who wait already. */
  async close(reason: string, graceMs: number): Promise<void> {
    this.#isClosed = true;
    await this.stop(reason, graceMs);
  }

  /** Ends every instance and forgets failures: whoever stops a server on purpose wants the next start to be tried. */
  async stop(reason: string, graceMs: number): Promise<void> {
    this.#backOff.forget();
    this.#setRest({ kind: 'reset' });
    this.#daemon = undefined;
    await Promise.all([...this.#live].map((instance) => instance.drain(reason, graceMs)));
    this.#options.onRest();
  }

  /** For a slot at rest that is given up with whatever it remembers. */
  dispose(): void {
    this.#cancelBackOff?.();
  }

  #plan(): ServerPlan {
    const plan = this.#options.planOf();
    if (plan) return plan;
    throw unknownServer(this.#options.server);
  }

  async #enter(limit: number, signal: AbortSignal | undefined): Promise<() => void> {
    // A reload may change the limit; calls that are in then leave by the gate through which they came.
    if (this.#gate?.limit !== limit) {
      const what = `Server "${this.#options.server}"`;
      this.#gate = { limit, gate: new Gate({ limit, waitingMax: WAITING_MAX, what }) };
    }
    return this.#gate.gate.enter(signal);
  }

  #daemonLease(plan: ServerPlan): Lease | undefined {
    return plan.mode === 'daemon' ? this.#daemon?.lease(() => {}) : undefined;
  }

  async #leaseNew(plan: ServerPlan, options: AcquireOptions, onReleased: () => void): Promise<Lease> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const instance = this.#instanceFor(plan);
      const quiet = options.onProgress && instance.onProgress(options.onProgress);
      try {
        // Giving up is the caller's own affair: the start goes on for whoever comes next.
        await abortable(instance.opened, options.signal);
      } finally {
        quiet?.();
      }
      const lease = instance.lease(onReleased);
      if (lease) return lease;
    }
    throw new GatewayError('START_FAILED', `Server "${this.#options.server}" ended as soon as it was up`, {
      hint: 'Its log says why; running its command in a terminal shows all that it prints.',
    });
  }

  #instanceFor(plan: ServerPlan): Instance {
    if (plan.mode === 'daemon' && this.#daemon) return this.#daemon;
    if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down');
    this.#refuseWhileBackingOff();
    const instance = this.#begin(plan);
    if (plan.mode === 'daemon' && this.#live.has(instance)) this.#daemon = instance;
    return instance;
  }

  #begin(plan: ServerPlan): Instance {
    const onChange = (change: Change) => {
      this.#options.onChange(change);
      if (change.to.kind !== 'ready' && change.to.kind !== 'starting' && change.to.kind !== 'installing')
        retire(change);
    };
    const retire = ({ to }: Change) => {
      if (this.#daemon === instance) this.#daemon = undefined;
      if (to.kind !== 'draining') this.#restAs(to);
    };
    const instance: Instance = new Instance({
      ...this.#options,
      plan,
      backOff: this.#backOff,
      onChange,
    });
    this.#live.add(instance);
    void instance.gone.then(() => {
      this.#live.delete(instance);
      if (this.#live.size === 0) this.#options.onRest();
    });
    return instance;
  }

  #refuseWhileBackingOff(): void {
    if (this.#rest.kind !== 'backing-off') return;
    const { untilMs, reason } = this.#rest;
    const leftMs = Math.max(0, Math.ceil(untilMs - this.#options.clock.now()));
    const failures = this.#backOff.failures;
    const message = `Server "${this.#options.server}" failed ${failures} times in a row and is not started again for ${seconds(leftMs)}`;
    throw new GatewayError('START_FAILED', `${message}. The last time: ${reason}`, {
      hint: `Call again in ${seconds(leftMs)}, or restart the server once its fault is removed.`,
      data: { retryAfterMs: leftMs, failures },
    });
  }

  #restAs(to: InstanceState): void {
    this.#cancelBackOff?.();
    this.#rest = to;
    if (to.kind !== 'backing-off') return;
    const waitMs = to.untilMs - this.#options.clock.now();
    this.#cancelBackOff = this.#options.clock.after(waitMs, () => this.#setRest({ kind: 'back-off-ended' }));
  }

  /** For the changes that happen to the server itself, when no instance is there to have them. */
  #setRest(event: InstanceEvent): void {
    if (this.#rest.kind === 'stopped' || (event.kind === 'back-off-ended' && this.#rest.kind !== 'backing-off')) return;
    this.#cancelBackOff?.();
    const from = this.#rest;
    this.#rest = transition(from, event);
    this.#options.onChange({ server: this.#options.server, from, to: this.#rest, event });
    if (this.#live.size === 0) this.#options.onRest();
  }
}

export function unknownServer(server: string): GatewayError {
  return new GatewayError('SERVER_UNKNOWN', `There is no server "${server}"`, {
    hint: 'Search for what you need, or list the servers.',
  });
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))} s`;
}
