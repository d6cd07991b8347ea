/**
 * The calls that clients wait for, so that their cancellations find them. A session id is no more than the key that tells
 * apart the request ids of different clients: nothing is kept for a session in which no call is under way.
 */
import { randomUUID } from 'node:crypto';
import { Attendance } from '../stdx/attendance.ts';

export interface CallInFlight {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** To be called when it is answered, however. */
  end(): void;
}

export interface Abortable {
  abort(reason: Error): void;
}

interface Known {
  readonly session: string;
  readonly id: string | number;
  readonly call: Abortable;
}

export class CallsInFlight {
  readonly #calls = new Attendance<Known>();

  newSession(): string {
    return randomUUID();
  }

  begin(session: string | undefined, id: string | number): CallInFlight {
    const controller = new AbortController();
    const end = this.enter(session, id, controller);
    return { signal: controller.signal, abort: (reason) => controller.abort(reason), end };
  }

  /**
   * The same for a call that is cancelled in its own way. Gives what is to be called when it is answered. Without a session ids of
   * different clients cannot be told apart, so nothing may be cancelled by them.
   */
  enter(session: string | undefined, id: string | number, call: Abortable): () => void {
    return session === undefined ? NOTHING : this.#calls.enter({ session, id, call });
  }

  /** Looks through all of them: calls are many and cancelled ones few. Of two by the same id the later one is meant. */
  cancel(session: string | undefined, id: unknown): void {
    const meant = this.#calls.all().filter((each) => each.session === session && each.id === id);
    meant.at(-1)?.call.abort(new Error('the client cancelled the request'));
  }
}

const NOTHING = () => {};
