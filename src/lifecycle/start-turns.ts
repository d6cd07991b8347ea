/** Whose server starts next: so many starts at a time, and nobody's hundred starts stand before another's first. */
import { Line } from '../stdx/line.ts';

export interface StartTurn {
  readonly principal: string;
  readonly server: string;
}

/** Round robin over principals, and over the servers of each: the next is who was let in longest ago. */
export class StartTurns {
  readonly #limit: number;
  readonly #line = new Line<StartTurn>();
  readonly #lastTurn = new Map<string, number>();
  #turn = 0;
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves with the way out, to be called once (more often does no harm). Rejects with the signal's reason. */
  async enter(turn: StartTurn, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#inside < this.#limit) this.#letIn(turn);
    else await this.#line.wait(turn, signal);
    let isOut = false;
    return () => {
      if (isOut) return;
      isOut = true;
      this.#inside--;
      this.#next();
    };
  }

  #next(): void {
    // Without a line there is nothing to be fair about, and nothing to be remembered.
    if (this.#line.length === 0) this.#lastTurn.clear();
    const next = this.#line.next((one, other) => this.#isBefore(one, other));
    if (!next) return;
    this.#letIn(next.who);
    next.admit();
  }

  #letIn({ principal, server }: StartTurn): void {
    this.#inside++;
    this.#turn++;
    this.#lastTurn.set(principal, this.#turn);
    this.#lastTurn.set(laneOf(principal, server), this.#turn);
  }

  #isBefore(one: StartTurn, other: StartTurn): boolean {
    const last = (lane: string) => this.#lastTurn.get(lane) ?? 0;
    if (one.principal !== other.principal) return last(one.principal) < last(other.principal);
    return last(laneOf(one.principal, one.server)) < last(laneOf(other.principal, other.server));
  }
}

/** Names of servers have no line break. */
const laneOf = (principal: string, server: string) => `${principal}\n${server}`;
