/** The pool: the slots of each server that was ever asked for, and a shared turn for their starts. */
import { openSession } from '../bridge/open-session.ts';
import type { Era } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import { InstanceRoom } from './instance-room.ts';
import type { AcquireOptions, InstanceState, Lease, Pool } from './pool.ts';
import type { PoolOptions } from './server-plan.ts';
import { ServerSlots, type SlotsOptions } from './server-slots.ts';
import { StartTurns } from './start-turns.ts';

const STARTS_MAX = 4;
const INSTANCES_MAX = 256;
const DRAIN_GRACE_MS = 10_000;

export function createPool(options: PoolOptions): Pool {
  return new SlotPool(options);
}

class SlotPool implements Pool {
  readonly #options: PoolOptions;
  readonly #servers = new Map<string, ServerSlots>();
  readonly #common: Omit<SlotsOptions, 'server'>;
  readonly #warm = new Set<string>();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { servers, clock, clientInfo } = options;
    this.#common = {
      servers,
      clock,
      clientInfo,
      open: options.open ?? openSession,
      ledger: options.ledger ?? { add() {}, remove() {} },
      eraStore: options.eraStore ?? new Map<string, Era>(),
      room: new InstanceRoom(options.instancesMax ?? INSTANCES_MAX),
      startTurns: new StartTurns(options.startsMax ?? STARTS_MAX),
      onChange: options.onChange ?? (() => {}),
    };
  }

  async acquire(server: string, options: AcquireOptions = {}): Promise<Lease> {
    if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down');
    return this.#slots(server).acquire(options);
  }

  acquireNow(server: string, options: Pick<AcquireOptions, 'principal' | 'session' | 'client'>): Lease | undefined {
    return this.#isClosed ? undefined : this.#servers.get(server)?.acquireNow(options);
  }

  state(server: string): InstanceState {
    return this.#servers.get(server)?.state ?? { kind: 'stopped' };
  }

  startCostMs(server: string): number | undefined {
    return this.#servers.get(server)?.startCostMs;
  }

  async stop(server: string, reason: string, graceMs = this.#graceMs): Promise<void> {
    await this.#servers.get(server)?.stop(reason, graceMs);
    if (this.#warm.has(server) && !this.#isClosed) this.keepWarm([server]);
  }

  keepWarm(servers: Iterable<string>): void {
    for (const server of servers) {
      this.#warm.add(server);
      if (!this.#isClosed) this.#slots(server).keepWarm();
    }
  }

  endSession(session: string): void {
    for (const slots of this.#servers.values()) slots.endSession(session, this.#graceMs);
  }

  /** A second call does not wait any more. */
  async close(graceMs = this.#graceMs): Promise<void> {
    const patienceMs = this.#isClosed ? 0 : graceMs;
    this.#isClosed = true;
    await Promise.all([...this.#servers.values()].map((slots) => slots.close('the gateway shuts down', patienceMs)));
  }

  get #graceMs(): number {
    return this.#options.drainGraceMs ?? DRAIN_GRACE_MS;
  }

  #slots(server: string): ServerSlots {
    const known = this.#servers.get(server);
    if (known) return known;
    const slots = new ServerSlots({ ...this.#common, server });
    // Names that nobody configured leave nothing behind.
    if (this.#options.servers(server)) this.#servers.set(server, slots);
    return slots;
  }
}
