/** Servers that say that their tools have changed, and when they are asked for it. */
import type { Lease } from '../lifecycle/pool.ts';
import type { Clock } from '../stdx/clock.ts';

export interface RelistingOptions {
  readonly clock: Clock;
  readonly list: (server: string) => void;
  /** Whether somebody else than who lists its tools uses it. */
  readonly isInUse: (server: string) => boolean;
  readonly isUp: (server: string) => boolean;
}

/** A server may announce changes by the thousand; one listing after the last of a while serves for all. */
const AFTER_MS = 2_000;
/** One that announces all the time is asked less and less often, so that it can become idle and be stopped. */
const AFTER_MAX_MS = 10 * 60_000;
/** After so long without announcements it is listened to as at first. */
const CALM_MS = 60_000;

interface Planned {
  readonly isCertain: boolean;
  readonly takeBack: () => void;
}

interface Pace {
  readonly afterMs: number;
  readonly dueMs: number;
}

export class Relisting {
  readonly #options: RelistingOptions;
  readonly #planned = new Map<string, Planned>();
  readonly #paces = new Map<string, Pace>();
  readonly #heard = new WeakSet<object>();

  constructor(options: RelistingOptions) {
    this.#options = options;
  }

  /** In a moment, once however often it is said: its tools are not those that are known. */
  plan(server: string): void {
    const planned = this.#planned.get(server);
    if (planned?.isCertain) return;
    planned?.takeBack();
    this.#arm(server, AFTER_MS, true);
  }

  /** From now on heeds what a server announces on this connection, between calls too. */
  hear(server: string, session: Pick<Lease['session'], 'onNotification'>): void {
    if (this.#heard.has(session)) return;
    this.#heard.add(session);
    session.onNotification((method) => {
      if (method !== 'notifications/tools/list_changed') return;
      if (this.#options.isInUse(server)) this.plan(server);
      else this.#planIfUp(server);
    });
  }

  close(): void {
    for (const { takeBack } of this.#planned.values()) takeBack();
    this.#planned.clear();
  }

  /** What a server says on its way out, or because it is listed, is no reason to start it again. */
  #planIfUp(server: string): void {
    if (this.#planned.has(server)) return;
    const nowMs = this.#options.clock.now();
    const pace = this.#paces.get(server);
    const isCalm = !pace || nowMs - pace.dueMs > CALM_MS;
    const afterMs = isCalm ? AFTER_MS : Math.min(pace.afterMs * 2, AFTER_MAX_MS);
    this.#paces.set(server, { afterMs, dueMs: nowMs + afterMs });
    this.#arm(server, afterMs, false);
  }

  #arm(server: string, afterMs: number, isCertain: boolean): void {
    const due = () => {
      this.#planned.delete(server);
      if (isCertain || this.#options.isUp(server)) this.#options.list(server);
    };
    this.#planned.set(server, { isCertain, takeBack: this.#options.clock.after(afterMs, due) });
  }
}
