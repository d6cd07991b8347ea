/** One request under way: its promise, its deadlines, its listeners; settled once and cleaned up in the same place. */
import { GatewayError } from '../errors.ts';
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { CallOptions } from './upstream-session.ts';

export interface PendingCallOptions extends CallOptions {
  readonly server: string;
  readonly method: string;
  readonly clock: Clock;
  /** While true the silence is that of the client behind us, and no deadline of the server's passes. */
  readonly isWaitingForClient?: () => boolean;
  /** Called once when the caller gives up, by signal or by deadline: the answer is no longer wanted. */
  readonly onGivenUp: (reason: string) => void;
}

export class PendingCall {
  readonly result: Promise<unknown>;
  readonly method: string;
  readonly #options: PendingCallOptions;
  #resolve: (result: unknown) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #isSettled = false;
  #lastSignMs: number;
  #cancelIdle: (() => void) | undefined;
  #cancelTotal: (() => void) | undefined;
  readonly #onAbort = () => this.#abort();

  constructor(options: PendingCallOptions) {
    this.#options = options;
    this.method = options.method;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#lastSignMs = options.clock.now();
    if (options.timeoutMs !== undefined) this.#armIdle(options.timeoutMs, options.timeoutMs);
    if (options.maxTotalMs !== undefined) this.#armTotal(options.maxTotalMs);
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  succeed(result: unknown): void {
    if (this.#settle()) this.#resolve(result);
  }

  fail(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Synchronous on purpose: the result may stand in the same chunk, and progress must be seen before it. */
  progress(params: JsonObject): void {
    if (this.#isSettled) return;
    this.#lastSignMs = this.#options.clock.now();
    try {
      this.#options.onProgress?.(params);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #armIdle(delayMs: number, timeoutMs: number): void {
    const { clock, server, method } = this.#options;
    this.#cancelIdle = clock.after(delayMs, () => {
      if (this.#options.isWaitingForClient?.()) return this.#armIdle(timeoutMs, timeoutMs);
      const leftMs = this.#lastSignMs + timeoutMs - clock.now();
      // One timer for all progress: re-armed when it fires, not each time that something comes.
      if (leftMs > 0) return this.#armIdle(leftMs, timeoutMs);
      this.#giveUp(timeoutError(`Server "${server}" gave no sign of life on ${method} for ${timeoutMs} ms`));
    });
  }

  #armTotal(maxTotalMs: number): void {
    const { clock, server, method } = this.#options;
    this.#cancelTotal = clock.after(maxTotalMs, () =>
      this.#giveUp(timeoutError(`Server "${server}" did not finish ${method} within ${maxTotalMs} ms`)),
    );
  }

  #abort(): void {
    this.#giveUp(abortError(this.#options));
  }

  #giveUp(error: GatewayError): void {
    if (this.#isSettled) return;
    this.fail(error);
    this.#options.onGivenUp(error.message);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#cancelIdle?.();
    this.#cancelTotal?.();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

/** CALL_CANCELLED, unless whoever aborted gave a reason of ours, such as a deadline. */
export function abortError({
  server,
  method,
  signal,
}: Pick<PendingCallOptions, 'server' | 'method' | 'signal'>): GatewayError {
  if (signal?.reason instanceof GatewayError) return signal.reason;
  return new GatewayError('CALL_CANCELLED', `The caller cancelled ${method} on server "${server}"`);
}

function timeoutError(message: string): GatewayError {
  return new GatewayError('CALL_TIMEOUT', message, {
    hint: 'The server was told to stop. Ask for less at once, or raise `limits.timeout` of the server.',
  });
}
