/** The instances of one slot that take new leases: which of them a call gets, and how those wait who get none yet. */
import { abortable } from '../stdx/abort.ts';
import type { Instance } from './instance.ts';

export class Daemons {
  /** Oldest first. */
  readonly #all = new Set<Instance>();
  readonly #waiting = new Map<Instance, number>();
  #change: { readonly promise: Promise<void>; readonly fire: () => void } | undefined;

  get size(): number {
    return this.#all.size;
  }

  get oldest(): Instance | undefined {
    return this.#all.values().next().value;
  }

  add(instance: Instance): void {
    this.#all.add(instance);
  }

  /** Whoever waits looks again. */
  remove(instance: Instance): void {
    if (this.#all.delete(instance)) this.changed();
  }

  clear(): void {
    this.#all.clear();
    this.changed();
  }

  /** To be called when a place came free. */
  changed(): void {
    this.#change?.fire();
    this.#change = undefined;
  }

  /** The one with the fewest leases that is up and has a place; among equals the oldest, so that surplus ones fall idle. */
  ready(places: number): Instance | undefined {
    let best: Instance | undefined;
    let fewest = places;
    for (const instance of this.#all) {
      const { state } = instance;
      if (state.kind !== 'ready' || state.leases >= fewest) continue;
      best = instance;
      fewest = state.leases;
    }
    return best;
  }

  /** One that is not up yet, and will have a place when it is. */
  coming(places: number): Instance | undefined {
    for (const instance of this.#all)
      if (isComing(instance) && (this.#waiting.get(instance) ?? 0) < places) return instance;
    return undefined;
  }

  /** Settles when that instance is up, or anything changed; rejects when its start failed, or with the signal's reason. */
  async wait(coming: Instance | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (!coming) return abortable(this.#nextChange(), signal);
    this.#waiting.set(coming, (this.#waiting.get(coming) ?? 0) + 1);
    try {
      await abortable(Promise.race([coming.opened, this.#nextChange()]), signal);
      // The change may have been the end of this very start, which is about to say why.
      if (!isComing(coming)) await coming.opened;
    } finally {
      const left = (this.#waiting.get(coming) ?? 1) - 1;
      if (left > 0) this.#waiting.set(coming, left);
      else this.#waiting.delete(coming);
    }
  }

  #nextChange(): Promise<void> {
    if (!this.#change) {
      let fire: () => void = () => {};
      const promise = new Promise<void>((resolve) => {
        fire = resolve;
      });
      this.#change = { promise, fire };
    }
    return this.#change.promise;
  }
}

function isComing({ state }: Instance): boolean {
  return state.kind === 'starting' || state.kind === 'installing';
}
