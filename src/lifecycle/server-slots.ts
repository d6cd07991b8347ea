/** All slots of one server: one for each principal or client session that uses it, or one for everybody. */
import type { AskableClient } from '../bridge/upstream-session.ts';
import { GatewayError } from '../errors.ts';
import type { AcquireOptions, InstanceState, Lease } from './pool.ts';
import type { InstanceScope, ServerPlan } from './server-plan.ts';
import { ServerSlot, type SlotOptions } from './server-slot.ts';
import { unknownServer } from './slot-errors.ts';
import { type SlotOwner, slotOwner } from './slot-key.ts';
import { sumOfStates } from './sum-of-states.ts';

/** Slots of which nothing lives are kept for their back-off, the oldest of more than so many not even for that. */
const RESTING_MAX = 100;

export interface SlotsOptions extends Omit<SlotOptions, 'planOf' | 'onStarted' | 'onRest' | 'principal'> {
  /** The plan as it is for that principal, or for everybody. */
  readonly servers: (name: string, principal?: string) => ServerPlan | undefined;
}

interface Entry {
  readonly owner: SlotOwner;
  readonly slot: ServerSlot;
  /** The one that asked last; the instance keeps what the first declared. */
  client: AskableClient | undefined;
}

export class ServerSlots {
  readonly #options: SlotsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ofSession = new Map<string, Set<Entry>>();
  #scope: InstanceScope | undefined;
  #startCostMs: number | undefined;
  #callCount = 0;
  #isClosed = false;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  get startCostMs(): number | undefined {
    return this.#startCostMs;
  }

  /** Of all slots: the best of their states, with the leases of all that are ready. */
  get state(): InstanceState {
    const states = [...this.#entries.values()].map(({ slot }) => slot.state);
    return sumOfStates(states);
  }

  acquire(options: AcquireOptions): Promise<Lease> {
    const owner = slotOwner(this.#currentScope(), options);
    return this.#entryFor(owner).slot.acquire(options);
  }

  /** Undefined, and nothing is begun, unless an instance is up and has a place. */
  acquireNow(options: AcquireOptions): Lease | undefined {
    if (this.#scope === undefined) return undefined;
    return this.#entries.get(slotOwner(this.#scope, options).key)?.slot.acquireNow();
  }

  /** Keeps those up that are for everybody or for the user of this machine; who else will come is not known before. */
  keepWarm(): void {
    const { server, servers } = this.#options;
    const plan = servers(server);
    if (!plan?.pool?.min || plan.scope === 'session' || this.#isClosed) return;
    this.#entryFor(slotOwner(this.#currentScope(), {})).slot.keepWarm();
  }

  async stop(reason: string, graceMs: number): Promise<void> {
    this.#scope = undefined;
    await Promise.all([...this.#entries.values()].map(({ slot }) => slot.stop(reason, graceMs)));
  }

  async close(reason: string, graceMs: number): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#entries.values()].map(({ slot }) => slot.close(reason, graceMs)));
  }

  /** Stops what only that session could use. */
  endSession(session: string, graceMs: number): void {
    for (const entry of this.#ofSession.get(session) ?? []) {
      void entry.slot.stop('its client session ended', graceMs);
      if (entry.slot.isAtRest) this.#forget(entry);
    }
  }

  /** Asked anew when nothing is left of the server or it was stopped, so that a reload only has to stop it. */
  #currentScope(): InstanceScope {
    if (this.#scope === undefined || this.#entries.size === 0) {
      const { server, servers } = this.#options;
      const plan = servers(server);
      if (!plan) throw unknownServer(server);
      this.#scope = plan.scope ?? 'principal';
    }
    return this.#scope;
  }

  #entryFor(owner: SlotOwner): Entry {
    const known = this.#entries.get(owner.key);
    if (known) {
      known.client = owner.client ?? known.client;
      return known;
    }
    if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down');
    const entry = this.#newEntry(owner.isForOneCall ? { ...owner, key: `call ${++this.#callCount}` } : owner);
    this.#trim();
    this.#entries.set(entry.owner.key, entry);
    if (owner.session !== undefined) this.#indexUnder(owner.session, entry);
    return entry;
  }

  #newEntry(owner: SlotOwner): Entry {
    const { servers, ...common } = this.#options;
    const slot: ServerSlot = new ServerSlot({
      ...common,
      principal: owner.principal ?? '',
      planOf: () => planFor(owner, servers(this.#options.server, owner.principal)),
      onStarted: (costMs) => {
        this.#startCostMs = costMs;
      },
      onRest: () => {
        if (slot.isSpent) this.#forget(entry);
      },
      ...(owner.client && { client: latestClient(owner.client, () => entry.client) }),
    });
    const entry: Entry = { owner, slot, client: owner.client };
    return entry;
  }

  #indexUnder(session: string, entry: Entry): void {
    const entries = this.#ofSession.get(session) ?? new Set();
    this.#ofSession.set(session, entries.add(entry));
  }

  #forget(entry: Entry): void {
    const { key, session } = entry.owner;
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    entry.slot.dispose();
    if (session === undefined) return;
    const entries = this.#ofSession.get(session);
    entries?.delete(entry);
    if (entries?.size === 0) this.#ofSession.delete(session);
  }

  #trim(): void {
    if (this.#entries.size < RESTING_MAX) return;
    const resting = [...this.#entries.values()].filter(({ slot }) => slot.isAtRest);
    for (const entry of resting.slice(0, Math.max(0, resting.length - RESTING_MAX + 1))) this.#forget(entry);
  }
}

/** A launcher's instance serves one call, but where sessions have instances of their own it serves one session. */
function planFor(owner: SlotOwner, plan: ServerPlan | undefined): ServerPlan | undefined {
  if (!plan) return undefined;
  if (owner.isForOneCall) return { ...plan, mode: 'launcher' };
  const isForSession = owner.session !== undefined && plan.scope === 'session';
  return isForSession ? { ...plan, mode: 'daemon' } : plan;
}

/** A client may come back on another connection in the same session; whoever asked last can answer. */
function latestClient({ capabilities }: AskableClient, latest: () => AskableClient | undefined): AskableClient {
  return {
    capabilities,
    request: async (asked, signal) => {
      const client = latest();
      if (!client) throw new GatewayError('CALL_CANCELLED', 'The client is gone');
      return client.request(asked, signal);
    },
  };
}
