/** One running server, from its launch to the end of its last process; its state changes only through the table. */
import { GatewayError, toGatewayError } from '../errors.ts';
import type { BackOff } from './back-off.ts';
import { type InstanceEvent, transition } from './instance-transitions.ts';
import type { AcquireOptions, InstanceState, Lease } from './pool.ts';
import type { Change, CountingSession, ServerPlan } from './server-plan.ts';
import { leftAloneAfter } from './slot-errors.ts';
import { endProcess, type StartedServer, type StartOptions, startServer } from './start-server.ts';

/** A life shorter than this, in which no call was answered, counts against the server. */
const STABLE_MS = 10_000;

export interface InstanceOptions extends StartOptions {
  /** Shared by all instances of the server. */
  readonly backOff: BackOff;
  readonly onChange: (change: Change) => void;
  readonly onStarted: (costMs: number) => void;
  /** Asked when it was idle for long: whether it is wanted all the same. */
  readonly isKept: () => boolean;
}

/** What an acquirer says of its waiting. */
type WaitOptions = Pick<AcquireOptions, 'onProgress' | 'isUrgent'>;

interface Waiter {
  readonly onProgress: WaitOptions['onProgress'] | undefined;
  readonly isUrgent: () => boolean;
}

const ALWAYS = () => true;

export class Instance {
  /** Settles when the instance can be leased; rejects with what its start threw, for every waiter alike. */
  readonly opened: Promise<void>;
  /** Settles (never rejects) when nothing of it is left. */
  readonly gone: Promise<void>;
  readonly #draining: Promise<void>;
  readonly #options: InstanceOptions;
  readonly #abort = new AbortController();
  readonly #waiting = new Set<Waiter>();
  readonly #endings: Promise<void>[] = [];
  #state: InstanceState = { kind: 'stopped' };
  #session: CountingSession | undefined;
  #resolveEnded: () => void = () => {};
  #resolveDraining: () => void = () => {};
  #cancelIdle: (() => void) | undefined;
  #cancelGrace: (() => void) | undefined;
  #drainReason = '';
  #idleSinceMs = 0;

  constructor(options: InstanceOptions) {
    this.#options = options;
    const ended = new Promise<void>((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#draining = new Promise<void>((resolve) => {
      this.#resolveDraining = resolve;
    });
    this.#change({ kind: 'started' });
    this.opened = this.#start();
    // Every waiter gets the error; that there may be none is no reason to end the gateway.
    this.opened.catch(() => {});
    this.gone = ended.then(() => this.#allGone());
  }

  get state(): InstanceState {
    return this.#state;
  }

  get plan(): ServerPlan {
    return this.#options.plan;
  }

  /** Since when nobody has used it; undefined while somebody does, and for one that is kept in any case. */
  get idleSinceMs(): number | undefined {
    const isIdle = this.#state.kind === 'ready' && this.#state.leases === 0 && !this.#options.isKept();
    return isIdle ? this.#idleSinceMs : undefined;
  }

  /** Notes who waits for it, and tells them how an installation goes on, from the last message on. The returned function ends it. */
  awaitedBy({ onProgress, isUrgent = ALWAYS }: WaitOptions): () => void {
    const waiter: Waiter = { onProgress, isUrgent };
    this.#waiting.add(waiter);
    if (this.#state.kind === 'installing') onProgress?.(this.#state.message);
    return () => this.#waiting.delete(waiter);
  }

  /** Counted in the same turn in which readiness is seen, so that no idle stop can come between. Undefined if not ready. */
  lease(onReleased: () => void): Lease | undefined {
    const session = this.#session;
    if (!session || this.#state.kind !== 'ready') return undefined;
    this.#change({ kind: 'leased' });
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      this.#released();
      onReleased();
    };
    return { session, draining: this.#draining, release, [Symbol.dispose]: release };
  }

  /** Ends it: at once if nobody uses it or it is not up yet, else after its calls but at most after `graceMs`. */
  drain(reason: string, graceMs: number): Promise<void> {
    if (this.#state.kind === 'ready') this.#beginDrain(reason);
    else this.#abort.abort(stopError(this.#options.server, reason));
    if (this.#state.kind === 'draining') this.#armGrace(graceMs);
    return this.gone;
  }

  async #start(): Promise<void> {
    try {
      const started = await startServer(this.#options, {
        signal: this.#abort.signal,
        isUrgent: () => [...this.#waiting].some(({ isUrgent }) => isUrgent()),
        installing: (message) => this.#installing(message),
        installed: () => this.#installed(),
        ending: (gone) => this.#endings.push(gone),
      });
      this.#opened(started);
      // A stop may come too late to break the start off, and too early to find anything that is up.
      if (this.#abort.signal.aborted) void this.drain(this.#abort.signal.reason.message, 0);
    } catch (error) {
      throw this.#startFailed(error);
    }
  }

  #installing(message: string): void {
    if (this.#state.kind !== 'starting' && this.#state.kind !== 'installing') return;
    this.#change({ kind: 'install-progressed', message });
    for (const { onProgress } of this.#waiting) onProgress?.(message);
  }

  #installed(): void {
    if (this.#state.kind === 'installing') this.#change({ kind: 'installed' });
  }

  #opened({ session, endpoint, costMs }: StartedServer): void {
    this.#session = session;
    this.#options.backOff.started();
    this.#options.onStarted(costMs);
    this.#change({ kind: 'opened', nowMs: this.#options.clock.now() });
    this.#armIdle();
    void session.closed.then((reason) => {
      this.#endings.push(endProcess(endpoint, this.#options.ledger, reason.message));
      this.#closed(reason, session.answers > 0);
    });
  }

  /** The session ended, by itself or by us. */
  #closed(reason: Error, wasUseful: boolean): void {
    this.#cancelIdle?.();
    this.#cancelGrace?.();
    this.#session = undefined;
    if (this.#state.kind === 'ready')
      this.#change(this.#afterCrash(reason.message, wasUseful || this.#isStable(this.#state.sinceMs)));
    this.#resolveEnded();
  }

  /** A drained instance counts as stopped only when its processes are gone; a crashed one is replaced before that. */
  async #allGone(): Promise<void> {
    await Promise.all(this.#endings);
    if (this.#state.kind === 'draining') this.#change({ kind: 'ended', reason: this.#drainReason });
  }

  #isStable(sinceMs: number): boolean {
    return this.#options.clock.now() - sinceMs >= STABLE_MS;
  }

  #afterCrash(reason: string, isForgiven: boolean): InstanceEvent {
    const { backOff } = this.#options;
    if (!isForgiven) return this.#failure(reason, backOff.failed('early-death'));
    backOff.forget();
    return { kind: 'ended', reason };
  }

  #startFailed(thrown: unknown): GatewayError {
    const error = toGatewayError(thrown);
    const { code, message: reason } = error;
    const delayMs = code === 'SHUTTING_DOWN' ? 0 : this.#delayAfter(error);
    this.#change(code === 'SHUTTING_DOWN' ? { kind: 'ended', reason } : this.#failure(reason, delayMs));
    this.#resolveEnded();
    return delayMs === 0 ? error : leftAloneAfter(error, delayMs);
  }

  /** A login may come at any moment, and until then nobody is asked: the next caller may try at once. */
  #delayAfter({ code }: GatewayError): number {
    return code === 'LOGIN_REQUIRED' ? 0 : this.#options.backOff.failed('start');
  }

  #failure(reason: string, delayMs: number): InstanceEvent {
    return { kind: 'failed', reason, untilMs: delayMs === 0 ? undefined : this.#options.clock.now() + delayMs };
  }

  #released(): void {
    if (!this.#session) return;
    if (this.#session.answers > 0) this.#options.backOff.forget();
    this.#change({ kind: 'released' });
    if (!('leases' in this.#state) || this.#state.leases > 0) return;
    if (this.#state.kind === 'draining') void this.#close();
    else if (this.#idleMs === 0) void this.drain('its call is over', 0);
    else this.#armIdle();
  }

  get #idleMs(): number {
    const { mode, idleTimeoutMs } = this.#options.plan;
    return mode === 'launcher' ? 0 : idleTimeoutMs;
  }

  /** The timer is left as it is by calls, which would cost each of them one, and looks again when it fires. */
  #armIdle(): void {
    this.#idleSinceMs = this.#options.clock.now();
    if (!this.#cancelIdle) this.#wakeWhenIdle(this.#idleMs);
  }

  #wakeWhenIdle(delayMs: number): void {
    if (this.#state.kind !== 'ready' || this.#state.leases > 0 || !Number.isFinite(delayMs)) return;
    this.#cancelIdle = this.#options.clock.after(delayMs, () => this.#idle());
  }

  #idle(): void {
    this.#cancelIdle = undefined;
    if (this.#state.kind !== 'ready' || this.#state.leases > 0) return;
    const leftMs = this.#idleSinceMs + this.#idleMs - this.#options.clock.now();
    if (leftMs > 0) this.#wakeWhenIdle(leftMs);
    else if (this.#options.isKept()) this.#armIdle();
    else void this.drain('it was idle', 0);
  }

  #beginDrain(reason: string): void {
    this.#cancelIdle?.();
    this.#drainReason = reason;
    this.#change({ kind: 'drain-began', reason });
    this.#resolveDraining();
  }

  #armGrace(graceMs: number): void {
    this.#cancelGrace?.();
    if (graceMs <= 0 || (this.#state.kind === 'draining' && this.#state.leases === 0)) void this.#close();
    else this.#cancelGrace = this.#options.clock.after(graceMs, () => void this.#close());
  }

  async #close(): Promise<void> {
    // Its failure is the endpoint's, which `endProcess` waits for; `closed` has settled by then in any case.
    await this.#session?.close(this.#drainReason).catch(() => {});
  }

  #change(event: InstanceEvent): void {
    const from = this.#state;
    this.#state = transition(from, event);
    this.#options.onChange({ server: this.#options.server, from, to: this.#state, event });
  }
}

function stopError(server: string, reason: string): GatewayError {
  return new GatewayError('SHUTTING_DOWN', `Server "${server}" was stopped: ${reason}`);
}
