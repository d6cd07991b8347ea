/** Who is there at the moment: a set for what comes and goes with every call, which leaves nothing old behind. */
import { Chain, Link } from './chain.ts';

class Guest<Value> extends Link {
  readonly value: Value;

  constructor(value: Value) {
    super();
    this.value = value;
  }
}

export class Attendance<Value> {
  readonly #guests = new Chain<Guest<Value>>();

  get size(): number {
    return this.#guests.size;
  }

  /** Who has been there the longest. */
  get first(): Value | undefined {
    return this.#guests.first?.value;
  }

  /** Gives how to leave; leaving again does nothing. */
  enter(value: Value): () => void {
    const guest = new Guest(value);
    this.#guests.add(guest);
    return () => this.#guests.remove(guest);
  }

  /** As they are now, oldest first. */
  all(): Value[] {
    return this.#guests.all().map(({ value }) => value);
  }
}
