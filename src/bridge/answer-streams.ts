/** The streams on which a transport of the SDK waits for answers, by the ids of their requests. */
import type { JsonObject } from '../stdx/json.ts';
import type { Lingering, LingeringStream } from './lingering.ts';
import type { SendOptions } from './wire.ts';

export class AnswerStreams {
  readonly #lingering: Lingering;
  readonly #open = new Map<unknown, LingeringStream>();

  constructor(lingering: Lingering) {
    this.#lingering = lingering;
  }

  /** With what a message is to be sent, so that the stream of a request is known for as long as it is open. */
  follow({ id, method }: JsonObject, options: SendOptions): SendOptions {
    const { stream, onStreamEnd } = options;
    if (!stream || method === undefined || id === undefined) return options;
    const leave = () => {
      this.over(id);
      stream.abort();
    };
    this.#open.set(id, { leave });
    const over = () => {
      this.over(id);
      onStreamEnd?.();
    };
    return { ...options, onStreamEnd: over };
  }

  answered(id: unknown): void {
    const stream = this.#open.get(id);
    if (stream) this.#lingering.add(stream);
  }

  /** Nobody waits for its answer any more. */
  leave(id: unknown): void {
    this.#open.get(id)?.leave();
  }

  over(id: unknown): void {
    const stream = this.#open.get(id);
    if (!stream) return;
    this.#open.delete(id);
    this.#lingering.delete(stream);
  }

  clear(): void {
    this.#open.clear();
  }
}
