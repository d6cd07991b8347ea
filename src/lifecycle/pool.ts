/** The port through which everything else gets a running server: acquire a lease, use it, release it. */
import type { AskableClient, UpstreamSession } from '../bridge/upstream-session.ts';

/** A union; each member carries only what that state knows. */
export type InstanceState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'installing'; readonly message: string }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly leases: number; readonly sinceMs: number }
  | { readonly kind: 'draining'; readonly leases: number }
  | { readonly kind: 'backing-off'; readonly untilMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** The right to use one instance; whoever acquired it releases it, in the same block. */
export interface Lease extends Disposable {
  readonly session: UpstreamSession;
  /** Settles (never rejects) when the instance is to end: whoever only keeps it up, and makes no call, lets go of it then. */
  readonly draining: Promise<void>;
  release(): void;
}

export interface AcquireOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
  /** Asked while its server waits to be installed: those for whom it is true go first. Default: it always is. */
  readonly isUrgent?: () => boolean;
  /** Id of whose call it is; with `scope: principal` each has instances of its own. Absent: the gateway's own. */
  readonly principal?: string;
  /** Id of the client session that the call belongs to, for `scope: session` and for `client`. */
  readonly session?: string;
  /** A client that servers may ask: it gets an instance of its session's own, which is opened in its name. */
  readonly client?: AskableClient;
}

export interface Pool {
  /** Joins a start under way, or starts the server. Throws what the start threw, to every waiter alike. */
  acquire(server: string, options?: AcquireOptions): Promise<Lease>;
  /** The same, at once, where one is up and has a place; undefined when it has to be waited for, or `acquire` would throw. */
  acquireNow(server: string, options: Pick<AcquireOptions, 'principal' | 'session' | 'client'>): Lease | undefined;
  /** Of all its instances together, whoever they belong to. */
  state(server: string): InstanceState;
  /** Milliseconds that the last successful start took, from launch to initialized; undefined before the first. */
  startCostMs(server: string): number | undefined;
  /** Stops one server's idle or busy instances, after their calls; those get `graceMs`, or else what `close` gives. */
  stop(server: string, reason: string, graceMs?: number): Promise<void>;
  /** Starts the spares that these servers ask for (`pool.min`) and keeps them up from now on, after a stop too. */
  keepWarm(servers: Iterable<string>): void;
  /** Stops the instances that only this client session could use. */
  endSession(session: string): void;
  /** Drains, then kills what is left; afterwards acquire throws SHUTTING_DOWN. */
  close(graceMs?: number): Promise<void>;
}
