/** How many instances there may be at once, over all servers and principals: each is a process, and memory has an end. */
import { GatewayError } from '../errors.ts';
import type { Instance } from './instance.ts';

export class InstanceRoom {
  readonly #max: number;
  readonly #live = new Set<Instance>();

  constructor(max: number) {
    this.#max = max;
  }

  /** There is no place, and nobody idle who could make one. */
  get isFull(): boolean {
    return !this.#hasPlace() && this.#longestIdle() === undefined;
  }

  /** Ends the instance that was idle for the longest if there is no place; throws SERVER_BUSY if all are in use. */
  makePlace(server: string): void {
    if (this.#hasPlace()) return;
    const idle = this.#longestIdle();
    if (!idle) throw this.#full(server);
    void idle.drain('another server needs its place', 0);
  }

  add(instance: Instance): void {
    this.#live.add(instance);
    void instance.gone.then(() => this.#live.delete(instance));
  }

  /** Those that are on their way out count no more, or a burst would end one after the other. */
  #hasPlace(): boolean {
    if (this.#live.size < this.#max) return true;
    let staying = 0;
    for (const { state } of this.#live) if (state.kind !== 'draining') staying++;
    return staying < this.#max;
  }

  #longestIdle(): Instance | undefined {
    let longest: Instance | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const instance of this.#live) {
      const idleSinceMs = instance.idleSinceMs ?? Number.POSITIVE_INFINITY;
      if (idleSinceMs >= since) continue;
      longest = instance;
      since = idleSinceMs;
    }
    return longest;
  }

  #full(server: string): GatewayError {
    return new GatewayError('SERVER_BUSY', `Server "${server}" cannot be started: ${this.#max} instances are in use`, {
      hint: 'Call again when some of their calls are over, or raise `max_instances`.',
      data: { retryAfterMs: 1000 },
    });
  }
}
