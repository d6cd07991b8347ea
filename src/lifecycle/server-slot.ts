/** The place of one server's instances that are shared by the same callers, and what is remembered between them. */
import { GatewayError } from '../errors.ts';
import { abortable } from '../stdx/abort.ts';
import { BackOff } from './back-off.ts';
import { Daemons } from './daemons.ts';
import { Gate } from './gate.ts';
import { Instance, type InstanceOptions } from './instance.ts';
import type { InstanceRoom } from './instance-room.ts';
import { type InstanceEvent, transition } from './instance-transitions.ts';
import type { AcquireOptions, InstanceState, Lease } from './pool.ts';
import type { Change, ServerPlan } from './server-plan.ts';
import { backingOff, endedAtOnce, unknownServer } from './slot-errors.ts';
import { sumOfStates } from './sum-of-states.ts';

/** Callers that may wait for a server's turn where its plan does not say; the rest is told to come again. */
const WAITING_MAX = 100;
/** An instance may die between its start and its first lease; a second one doing so is no coincidence. */
const ATTEMPTS_MAX = 2;

export interface SlotOptions extends Omit<InstanceOptions, 'plan' | 'backOff' | 'isKept'> {
  /** Shared by all servers. */
  readonly room: InstanceRoom;
  readonly planOf: () => ServerPlan | undefined;
  /** Nothing lives any more and nobody waits; or a call is over that may have been the last. */
  readonly onRest: () => void;
}

export class ServerSlot {
  readonly #options: SlotOptions;
  readonly #live = new Set<Instance>();
  readonly #backOff = new BackOff();
  /** The daemons that take new leases; a draining or ended one is no longer here. */
  readonly #daemons = new Daemons();
  /** What the server is when nothing of it lives. */
  #rest: InstanceState = { kind: 'stopped' };
  #cancelBackOff: (() => void) | undefined;
  #gate: { readonly limit: number; readonly waitingMax: number; readonly gate: Gate } | undefined;
  #asking = 0;
  #isWarm = false;
  #isClosed = false;
  /** Stops so far, and before which of them a plan was made. */
  #stops = 0;
  readonly #madeBefore = new WeakMap<ServerPlan, number>();

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
    return this.#live.size === 0 && this.#asking === 0 && !this.#isWarm;
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

  /** Undefined, and nothing is begun, unless a daemon is up and has a place. */
  acquireNow(): Lease | undefined {
    const plan = this.#daemons.oldest?.plan;
    if (plan?.mode !== 'daemon') return undefined;
    const instance = this.#daemons.ready(placesOf(plan));
    const leave =
      instance && (plan.concurrency === undefined ? NOTHING : this.#gateFor(plan, plan.concurrency).enterNow());
    if (!leave) return undefined;
    const lease = instance?.lease(this.#released(leave));
    if (!lease) leave();
    return lease;
  }

  /** From now on as many instances as the plan's `pool.min` are up, whether anybody calls or not, until it is stopped. */
  keepWarm(): void {
    this.#isWarm = true;
    this.#topUp();
  }

  /** Like `stop`, and nothing starts here any more, not even for those who wait already. */
  async close(reason: string, graceMs: number): Promise<void> {
    this.#isClosed = true;
    await this.stop(reason, graceMs);
  }

  /** Ends every instance and forgets failures: whoever stops a server on purpose wants the next start to be tried. */
  async stop(reason: string, graceMs: number): Promise<void> {
    this.#isWarm = false;
    this.#stops++;
    this.#backOff.forget();
    this.#setRest({ kind: 'reset' });
    this.#daemons.clear();
    await Promise.all([...this.#live].map((instance) => instance.drain(reason, graceMs)));
    this.#options.onRest();
  }

  /** For a slot at rest that is given up with whatever it remembers. */
  dispose(): void {
    this.#cancelBackOff?.();
  }

  async #acquire(options: AcquireOptions): Promise<Lease> {
    const plan = this.#daemons.oldest?.plan ?? this.#plan();
    if (plan.concurrency === undefined) return this.#lease(plan, options, NOTHING);
    const leave = await this.#gateFor(plan, plan.concurrency).enter(options.signal);
    try {
      return await this.#lease(plan, options, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  #plan(): ServerPlan {
    const plan = this.#options.planOf();
    if (plan) this.#madeBefore.set(plan, this.#stops);
    if (plan) return plan;
    throw unknownServer(this.#options.server);
  }

  /** A reload may have come while somebody waited, and what it ended must not be started again. */
  #fresh(plan: ServerPlan): ServerPlan {
    if (this.#madeBefore.get(plan) === this.#stops) return plan;
    const now = this.#options.planOf();
    return now?.mode === plan.mode ? now : plan;
  }

  #gateFor(plan: ServerPlan, concurrency: number): Gate {
    const limit = concurrency * instancesMax(plan);
    const waitingMax = plan.queueMax ?? WAITING_MAX;
    // A reload may change the limits; calls that are in then leave by the gate through which they came.
    if (this.#gate?.limit !== limit || this.#gate.waitingMax !== waitingMax) {
      const what = `Server "${this.#options.server}"`;
      const now = () => this.#options.clock.now();
      this.#gate = { limit, waitingMax, gate: new Gate({ limit, waitingMax, what, now }) };
    }
    return this.#gate.gate;
  }

  #released(leave: () => void): () => void {
    return () => {
      leave();
      this.#daemons.changed();
    };
  }

  async #lease(plan: ServerPlan, options: AcquireOptions, onReleased: () => void): Promise<Lease> {
    if (plan.mode === 'launcher') return this.#launch(plan, options, onReleased);
    const released = this.#released(onReleased);
    for (let deaths = 0; deaths < ATTEMPTS_MAX; ) {
      // The common case, a daemon that is up and has a place, costs no more than this.
      const lease = this.#daemons.ready(placesOf(plan))?.lease(released);
      if (lease) return lease;
      const coming = this.#comingDaemon(this.#fresh(plan));
      const isUp = await this.#awaitPlace(coming, options);
      if (isUp && coming && hasEnded(coming)) deaths++;
    }
    throw endedAtOnce(this.#options.server);
  }

  async #launch(plan: ServerPlan, options: AcquireOptions, onReleased: () => void): Promise<Lease> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      this.#refuseToStart();
      const instance = this.#begin(this.#fresh(plan));
      const leave = instance.awaitedBy(options);
      await abortable(instance.opened, options.signal)
        .catch((error) => {
          // Nobody else could ever have it, and a start that hangs would keep its place and its processes.
          if (options.signal?.aborted) void instance.drain('its caller gave up', 0);
          throw error;
        })
        .finally(leave);
      const lease = instance.lease(onReleased);
      if (lease) return lease;
    }
    throw endedAtOnce(this.#options.server);
  }

  /** A start under way that has a place, or a new one; undefined when the calls under way must be waited for. */
  #comingDaemon(plan: ServerPlan): Instance | undefined {
    const coming = this.#daemons.coming(placesOf(plan));
    if (coming) return coming;
    const hasReady = this.#daemons.ready(Number.POSITIVE_INFINITY) !== undefined;
    const isFull = this.#daemons.size >= instancesMax(plan);
    if (hasReady && (isFull || !this.#mayBegin)) return undefined;
    // More wait than one start has places for, but no more may be started.
    if (isFull) return this.#daemons.oldest;
    this.#refuseToStart();
    return this.#begin(plan);
  }

  get #mayBegin(): boolean {
    return !this.#isClosed && this.#rest.kind !== 'backing-off' && !this.#options.room.isFull;
  }

  /** False when the start failed. Giving up is the caller's own affair: the start goes on for whoever comes next. */
  async #awaitPlace(coming: Instance | undefined, options: AcquireOptions): Promise<boolean> {
    const { signal } = options;
    const leave = coming?.awaitedBy(options);
    try {
      await this.#daemons.wait(coming, signal);
      return true;
    } catch (error) {
      // One more instance could not be had; those that are up go on serving, in turn.
      if (signal?.aborted || !this.#daemons.ready(Number.POSITIVE_INFINITY)) throw error;
      return false;
    } finally {
      leave?.();
    }
  }

  #begin(plan: ServerPlan): Instance {
    const onChange = (change: Change) => {
      this.#options.onChange(change);
      const { kind } = change.to;
      if (kind !== 'ready' && kind !== 'starting' && kind !== 'installing') this.#retire(instance, change.to);
    };
    this.#options.room.makePlace(this.#options.server);
    const isKept = () => this.#isWarm && this.#daemons.size <= instancesMin(plan);
    const instance: Instance = new Instance({ ...this.#options, plan, backOff: this.#backOff, onChange, isKept });
    this.#live.add(instance);
    this.#options.room.add(instance);
    if (plan.mode === 'daemon') this.#daemons.add(instance);
    void instance.gone.then(() => {
      this.#live.delete(instance);
      if (this.#live.size === 0) this.#options.onRest();
    });
    return instance;
  }

  #retire(instance: Instance, to: InstanceState): void {
    if (to.kind !== 'draining') this.#restAs(to);
    this.#daemons.remove(instance);
    if (this.#isWarm) queueMicrotask(() => this.#topUp());
  }

  /** Failing ones are tried again as their back-off lets them; calls in between learn why it is. */
  #topUp(): void {
    if (!this.#isWarm || this.#isClosed) return;
    const plan = this.#options.planOf();
    if (!plan) this.#isWarm = false;
    else while (this.#daemons.size < instancesMin(plan) && this.#mayBegin) this.#begin(plan);
  }

  #refuseToStart(): void {
    if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down');
    if (this.#rest.kind !== 'backing-off') return;
    const { untilMs, reason } = this.#rest;
    const leftMs = Math.max(0, Math.ceil(untilMs - this.#options.clock.now()));
    throw backingOff(this.#options.server, { leftMs, reason, failures: this.#backOff.failures });
  }

  #restAs(to: InstanceState): void {
    this.#cancelBackOff?.();
    this.#rest = to;
    if (to.kind !== 'backing-off') return;
    const waitMs = to.untilMs - this.#options.clock.now();
    this.#cancelBackOff = this.#options.clock.after(waitMs, () => {
      this.#setRest({ kind: 'back-off-ended' });
      this.#topUp();
    });
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

const NOTHING = () => {};
const placesOf = ({ concurrency = Number.POSITIVE_INFINITY }: ServerPlan) => concurrency;
const instancesMin = ({ mode, pool }: ServerPlan) => (mode === 'daemon' ? (pool?.min ?? 0) : 0);
const instancesMax = ({ mode, pool }: ServerPlan) => (mode === 'daemon' ? (pool?.max ?? 1) : 1);

function hasEnded({ state }: Instance): boolean {
  return state.kind !== 'ready' && state.kind !== 'starting' && state.kind !== 'installing';
}
