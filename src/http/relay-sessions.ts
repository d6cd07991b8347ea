/** The sessions of legacy clients with one server: found by id and owner only, and gone when nobody uses them. */
import { randomUUID } from 'node:crypto';
import type { Principal } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { KeptRoom } from './kept-room.ts';
import { RelaySession } from './relay-session.ts';

/** Beyond so many the one unused for the longest makes room; of a principal who has half of them, one of his own. */
const SESSIONS_MAX = 10_000;
/** Often enough that nothing between us and the client takes a silent stream for a dead one. */
const SWEEP_EVERY_MS = 15_000;

export interface RelaySessionsOptions {
  readonly onOpen: (session: RelaySession) => void;
  readonly onEnd: (session: RelaySession) => void;
  /** Without a request or an open stream for so long, a client is taken to be gone. */
  readonly abandonedAfterMs: number;
  /** For what their streams keep. */
  readonly room: KeptRoom;
  readonly sweepEveryMs?: number;
  readonly sessionsMax?: number;
}

export class RelaySessions {
  readonly #sessions = new Map<string, RelaySession>();
  readonly #options: RelaySessionsOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RelaySessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  open(principal: Principal, capabilities: JsonObject): RelaySession {
    const sessionsMax = this.#options.sessionsMax ?? SESSIONS_MAX;
    if (this.#sessions.size >= sessionsMax) this.#makeRoom(principal, sessionsMax);
    const session = new RelaySession({ id: randomUUID(), principal, capabilities, room: this.#options.room });
    session.lastUsedMs = performance.now();
    this.#sessions.set(session.id, session);
    this.#options.onOpen(session);
    this.#timer ??= setInterval(() => this.#sweep(), this.#sweepEveryMs).unref();
    return session;
  }

  /** Undefined for an id of somebody else, as for one that never was. */
  find(id: string, principal: Principal): RelaySession | undefined {
    const session = this.#sessions.get(id);
    if (session?.owner.id !== principal.id) return undefined;
    session.lastUsedMs = performance.now();
    return session;
  }

  end(session: RelaySession): void {
    if (!this.#sessions.delete(session.id)) return;
    session.end();
    this.#options.onEnd(session);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const session of [...this.#sessions.values()]) this.end(session);
  }

  get #sweepEveryMs(): number {
    const { sweepEveryMs, abandonedAfterMs } = this.#options;
    return sweepEveryMs ?? Math.min(SWEEP_EVERY_MS, abandonedAfterMs);
  }

  #sweep(): void {
    const oldestMs = performance.now() - this.#options.abandonedAfterMs;
    for (const session of [...this.#sessions.values()]) {
      if (session.isBusy) session.lastUsedMs = performance.now();
      if (session.lastUsedMs < oldestMs) this.end(session);
      else session.keepAlive();
    }
  }

  #makeRoom(principal: Principal, sessionsMax: number): void {
    const all = [...this.#sessions.values()];
    const own = all.filter(({ owner }) => owner.id === principal.id);
    let oldest: RelaySession | undefined;
    for (const session of own.length * 2 >= sessionsMax ? own : all) {
      if (!session.isBusy && session.lastUsedMs < (oldest?.lastUsedMs ?? Number.POSITIVE_INFINITY)) oldest = session;
    }
    if (oldest) this.end(oldest);
  }
}
