/** One request under way: its deadlines and its listeners; settled once and cleaned up in the same place. */
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { ByteListener, ByteResult, CallOptions } from './upstream-session.ts';

/** Who waits for the answer; told once, and of a failure if it throws at the answer. Without `bytes` every answer is parsed. */
export type Answered = Pick<ByteListener, 'value' | 'failed'> & Partial<Pick<ByteListener, 'bytes'>>;

export interface PendingCallOptions extends Omit<CallOptions, 'envelope'> {
  readonly id: number;
  readonly server: string;
  readonly method: string;
  readonly clock: Clock;
  readonly answered: Answered;
  /** While true the silence is that of the client behind us, and no deadline of the server's passes. */
  readonly isWaitingForClient?: () => boolean;
  /** Called once when the answer is no longer wanted: by signal, by deadline, or because nobody could be told of progress. */
  readonly onGivenUp: (reason: string) => void;
}

export class PendingCall {
  readonly id: number;
  readonly method: string;
  /** When it is to be looked at again, on the clock. */
  dueMs: number;
  /** A call that takes its answer as bytes. */
  readonly takesBytes: boolean;
  /** Undefined from its end on, so that whoever can still cancel it does not keep all that a request consists of. */
  #options: PendingCallOptions | undefined;
  readonly #begunMs: number;
  #lastSignMs: number;
  #onAbort: (() => void) | undefined;

  constructor(options: PendingCallOptions) {
    this.#options = options;
    this.id = options.id;
    this.method = options.method;
    this.takesBytes = options.answered.bytes !== undefined;
    this.#begunMs = options.clock.now();
    this.#lastSignMs = this.#begunMs;
    this.dueMs = nextDueMs(options, this.#begunMs, this.#begunMs);
    if (!options.signal) return;
    this.#onAbort = () => this.cancel(options.signal?.reason);
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  succeed(result: JsonObject): void {
    const answered = this.#settle()?.answered;
    try {
      answered?.value(result);
    } catch (error) {
      answered?.failed(toError(error));
    }
  }

  succeedWithBytes(result: ByteResult): void {
    const answered = this.#settle()?.answered;
    try {
      answered?.bytes?.(result);
    } catch (error) {
      answered?.failed(toError(error));
    }
  }

  fail(error: Error): void {
    this.#settle()?.answered.failed(error);
  }

  /** Synchronous on purpose: the result may stand in the same chunk, and progress must be seen before it. */
  progress(params: JsonObject): void {
    if (!this.#options) return;
    this.#lastSignMs = this.#options.clock.now();
    try {
      this.#options.onProgress?.(params);
    } catch (error) {
      this.#giveUp(toError(error));
    }
  }

  /** The caller does not want it any more. */
  cancel(reason: unknown): void {
    if (this.#options) this.#giveUp(cancelError(reason, this.#options));
  }

  /** The time is there to look whether it is over: progress puts off the one deadline and not the other. */
  due(): void {
    if (!this.#options) return;
    const { clock, server, method, timeoutMs, maxTotalMs, isWaitingForClient } = this.#options;
    const nowMs = clock.now();
    if (isWaitingForClient?.()) this.#lastSignMs = nowMs;
    this.dueMs = nextDueMs(this.#options, this.#begunMs, this.#lastSignMs);
    if (nowMs >= this.#begunMs + (maxTotalMs ?? NEVER))
      this.#giveUp(timeoutError(`Server "${server}" did not finish ${method} within ${maxTotalMs} ms`));
    else if (nowMs >= this.dueMs)
      this.#giveUp(timeoutError(`Server "${server}" gave no sign of life on ${method} for ${timeoutMs} ms`));
  }

  #giveUp(error: Error): void {
    const options = this.#settle();
    try {
      options?.answered.failed(error);
    } finally {
      options?.onGivenUp(error.message);
    }
  }

  /** What is to be told, to whoever is the first to ask. */
  #settle(): PendingCallOptions | undefined {
    const options = this.#options;
    this.#options = undefined;
    if (this.#onAbort) options?.signal?.removeEventListener('abort', this.#onAbort);
    return options;
  }
}

const NEVER = Number.POSITIVE_INFINITY;
const toError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

function nextDueMs({ timeoutMs = NEVER, maxTotalMs = NEVER }: PendingCallOptions, begunMs: number, lastSignMs: number) {
  return Math.min(lastSignMs + timeoutMs, begunMs + maxTotalMs);
}

/** CALL_CANCELLED, unless whoever cancelled gave a reason of ours, such as a deadline. */
export function cancelError(reason: unknown, call: Pick<PendingCallOptions, 'server' | 'method'>): GatewayError {
  if (reason instanceof GatewayError) return reason;
  return new GatewayError('CALL_CANCELLED', `The caller cancelled ${call.method} on server "${call.server}"`);
}

function timeoutError(message: string): GatewayError {
  return new GatewayError('CALL_TIMEOUT', message, {
    hint: 'The server was told to stop. Ask for less at once, or raise `limits.timeout` of the server.',
  });
}
