/**
 * The calls under way on a connection, by their ids. A map would do, but the tables that it outgrows hang together, and once one
 * of them is old they all live until the next full collection, with the calls in them.
 */

const CAPACITY_MIN = 64;

export interface Numbered {
  readonly id: number;
}

/** Each id stands in the place that its lowest bits name; ids whose place is taken are left out. */
export class CallsById<Call extends Numbered> {
  #places: (Call | undefined)[] = emptyPlaces(CAPACITY_MIN);
  #size = 0;
  #lastId = 0;

  /** Greater than all before it. To be put in before the next is asked for. */
  nextId(): number {
    let id = this.#lastId + 1;
    while (this.#places[this.#placeOf(id)]) id++;
    this.#lastId = id;
    return id;
  }

  put(call: Call): void {
    if (this.#size * 2 >= this.#places.length) this.#grow();
    this.#places[this.#placeOf(call.id)] = call;
    this.#size++;
  }

  get(id: number): Call | undefined {
    const call = this.#places[this.#placeOf(id)];
    return call?.id === id ? call : undefined;
  }

  take(id: number): Call | undefined {
    const call = this.get(id);
    if (!call) return undefined;
    this.#places[this.#placeOf(id)] = undefined;
    this.#size--;
    return call;
  }

  /** Oldest first, as they are now. */
  all(): Call[] {
    return this.#places.filter((call) => call !== undefined).sort((a, b) => a.id - b.id);
  }

  /** Places that two ids shared before are two afterwards, so nothing collides. */
  #grow(): void {
    const calls = this.all();
    this.#places = emptyPlaces(this.#places.length * 2);
    for (const call of calls) this.#places[this.#placeOf(call.id)] = call;
  }

  /** The lowest bits; ids from outside may be any number at all. */
  #placeOf(id: number): number {
    return id & (this.#places.length - 1);
  }
}

const emptyPlaces = (count: number) => new Array<undefined>(count).fill(undefined);
