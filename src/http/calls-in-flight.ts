/**
 * The calls that clients wait for, so that their cancellations find them. A session id is no more than the key that tells
 * apart the request ids of different clients: nothing is kept for a session in which no call is under way.
 */
import { randomUUID } from 'node:crypto';

export interface CallInFlight {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** To be called when it is answered, however. */
  end(): void;
}

export interface Abortable {
  abort(reason: Error): void;
}

export class CallsInFlight {
  readonly #calls = new Map<string, Abortable>();

  newSession(): string {
    return randomUUID();
  }

  begin(session: string | undefined, id: string | number): CallInFlight {
    const controller = new AbortController();
    const end = this.enter(session, id, controller);
    return { signal: controller.signal, abort: (reason) => controller.abort(reason), end };
  }

  /** The same for a call that is cancelled in its own way. Gives what is to be called when it is answered. */
  enter(session: string | undefined, id: string | number, call: Abortable): () => void {
    const key = keyOf(session, id);
    if (key === undefined) return NOTHING;
    this.#calls.set(key, call);
    return () => {
      if (this.#calls.get(key) === call) this.#calls.delete(key);
    };
  }

  cancel(session: string | undefined, id: unknown): void {
    const key = typeof id === 'string' || typeof id === 'number' ? keyOf(session, id) : undefined;
    if (key !== undefined) this.#calls.get(key)?.abort(new Error('the client cancelled the request'));
  }
}

const NOTHING = () => {};

/** Without a session ids of different clients cannot be told apart, so nothing may be cancelled by them. */
function keyOf(session: string | undefined, id: string | number): string | undefined {
  return session === undefined ? undefined : `${session}\n${typeof id}\n${id}`;
}
