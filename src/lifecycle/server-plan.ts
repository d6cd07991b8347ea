/** What the pool must know of a server to run it, and what it is given to work with. */
import type { OpenOptions } from '../bridge/open-options.ts';
import type { RootsFor } from '../bridge/own-roots.ts';
import type { Era, UpstreamSession } from '../bridge/upstream-session.ts';
import type { Endpoint, Runtime } from '../runtimes/runtime.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { InstanceEvent } from './instance-transitions.ts';
import type { InstanceState } from './pool.ts';

/** Who shares an instance: all calls of a principal, of everybody, or of one client session. */
export type InstanceScope = 'principal' | 'shared' | 'session';

export interface ServerPlan {
  readonly runtime: Runtime;
  /** What it is told when it asks for roots; without it the client behind a call is asked. */
  readonly rootsFor?: RootsFor | undefined;
  /** Each principal has instances of its own if absent. */
  readonly scope?: InstanceScope;
  /** launcher: an instance for each lease, gone after it. daemon: one instance, kept until it was idle for long. */
  readonly mode: 'launcher' | 'daemon';
  /** Milliseconds without a lease after which a daemon is stopped; `Infinity` keeps it. */
  readonly idleTimeoutMs: number;
  /** Milliseconds from launch to initialized; installing is not counted. */
  readonly startTimeoutMs: number;
  /** Leases of an instance at the same time; more wait. Unlimited if absent. */
  readonly concurrency?: number;
  /** Daemons for the same callers: so many are kept warm, so many are started when all are at `concurrency`. */
  readonly pool?: { readonly min: number; readonly max: number };
  /** How many may wait for their turn; one more is refused with SERVER_BUSY. */
  readonly queueMax?: number;
}

/** Remembers which era a server turned out to speak, so that the next start asks the right question first. */
export interface EraStore {
  get(server: string): Era | undefined;
  set(server: string, era: Era): void;
}

/** Remembers on disk which processes are ours, for the case that this process is killed. */
export interface Ledger {
  add(process: { readonly pid: number; readonly server: string }): void;
  remove(pid: number): void;
}

export interface Change {
  readonly server: string;
  readonly from: InstanceState;
  readonly to: InstanceState;
  readonly event: InstanceEvent;
}

/** A session that counts the calls which its server answered: the sign that a life was of some use. */
export interface CountingSession extends UpstreamSession {
  readonly answers: number;
}

export type OpenSession = (endpoint: Endpoint, options: OpenOptions) => Promise<CountingSession>;

export interface PoolOptions {
  /**
   * The plan of a configured server, as it is for that principal's instances; without one as it is for all. Asked when
   * nothing of it runs yet, so that a reload only has to `stop` what changed.
   */
  readonly servers: (name: string, principal?: string) => ServerPlan | undefined;
  readonly clock: Clock;
  /** `{name, version}` of this gateway, as servers see it. */
  readonly clientInfo: JsonObject;
  readonly ledger?: Ledger;
  readonly eraStore?: EraStore;
  /** Every change of state, for logs and metrics; must not throw. */
  readonly onChange?: (change: Change) => void;
  /** Instances at the same time, over all servers; idle ones make room for new ones. */
  readonly instancesMax?: number;
  /** Starts at the same time, over all servers. */
  readonly startsMax?: number;
  /** How long `stop`, and a `close` that names no time, waits for calls under way. Milliseconds. */
  readonly drainGraceMs?: number;
  /** How a session is opened; the bridge's way unless a test has another. */
  readonly open?: OpenSession;
}
