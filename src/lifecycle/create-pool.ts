/** The pool: one slot for each server that was ever asked for, and a shared turn for their starts. */
import { openSession } from '../bridge/open-session.ts';
import type { Era } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import { Gate } from './gate.ts';
import type { AcquireOptions, InstanceState, Lease, Pool } from './pool.ts';
import type { PoolOptions } from './server-plan.ts';
import { ServerSlot } from './server-slot.ts';

const STARTS_MAX = 4;
const DRAIN_GRACE_MS = 10_000;

export function createPool(options: PoolOptions): Pool {
  return new SlotPool(options);
}

class SlotPool implements Pool {
  readonly #options: PoolOptions;
  readonly #slots = new Map<string, ServerSlot>();
  readonly #common: ConstructorParameters<typeof ServerSlot>[0];
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { servers, clock, clientInfo } = options;
    const limit = options.startsMax ?? STARTS_MAX;
    this.#common = {
      server: '',
      planOf: servers,
      clock,
      clientInfo,
      open: options.open ?? openSession,
      ledger: options.ledger ?? { add() {}, remove() {} },
      eraStore: options.eraStore ?? new Map<string, Era>(),
      startGate: new Gate({ limit, waitingMax: Number.POSITIVE_INFINITY, what: 'Starting servers' }),
      onChange: options.onChange ?? (() => {}),
    };
  }

  async acquire(server: string, options: AcquireOptions = {}): Promise<Lease> {
    if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down');
    return this.#slot(server).acquire(options);
  }

  state(server: string): InstanceState {
    return this.#slots.get(server)?.state ?? { kind: 'stopped' };
  }

  startCostMs(server: string): number | undefined {
    return this.#slots.get(server)?.startCostMs;
  }

  async stop(server: string, reason: string): Promise<void> {
    await this.#slots.get(server)?.stop(reason, this.#graceMs);
  }

  /** A second call does not wait any more. */
  async close(graceMs = this.#graceMs): Promise<void> {
    const patienceMs = this.#isClosed ? 0 : graceMs;
    this.#isClosed = true;
    await Promise.all([...this.#slots.values()].map((slot) => slot.close('the gateway shuts down', patienceMs)));
  }

  get #graceMs(): number {
    return this.#options.drainGraceMs ?? DRAIN_GRACE_MS;
  }

  #slot(server: string): ServerSlot {
    const known = this.#slots.get(server);
    if (known) return known;
    const slot = new ServerSlot({ ...this.#common, server });
    // Names that nobody configured leave nothing behind.
    if (this.#options.servers(server)) this.#slots.set(server, slot);
    return slot;
  }
}
