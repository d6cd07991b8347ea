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
      this.#forget(id, open);
      stream.abort();
    };
    const over = () => {
      this.#forget(id, open);
      onStreamEnd?.();
    };
    const open: LingeringStream = { leave };
    this.#open.set(id, open);
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
    if (stream) this.#forget(id, stream);
  }

  clear(): void {
    this.#open.clear();
  }

  /** Each session is begun by the same request, whose stream of before may still linger. */
  #forget(id: unknown, stream: LingeringStream): void {
    if (this.#open.get(id) === stream) this.#open.delete(id);
    this.#lingering.delete(stream);
  }
}
