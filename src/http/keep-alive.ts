/** Signs of life on an answer that is long in coming: proxies cut what is silent, Cloudflare after 100 s. */
import type { ServerResponse } from 'node:http';
import { Chain, Link } from '../stdx/chain.ts';
import { withRequestId } from './request-id.ts';

/** Well below what proxies wait for, and so long that ordinary calls stay plain JSON. */
export const SILENCE_MS = 15_000;

/** Intermediaries are asked not to hold events back. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
} as const;

/**
 * Every `silenceMs` a comment, which clients skip; the first one opens the stream and sends the headers. To be stopped
 * before the answer is written.
 */
export function keepAlive(response: ServerResponse, silenceMs: number): () => void {
  const timer = setInterval(() => sign(response), silenceMs).unref();
  return () => clearInterval(timer);
}

/** Who gives a sign of life in a way of his own. */
export interface Signer {
  sign(): void;
}

/** An answer that is still to come. */
export class Silence extends Link {
  readonly response: ServerResponse;
  dueMs: number;
  readonly signer: Signer | undefined;

  constructor(response: ServerResponse, dueMs: number, signer: Signer | undefined) {
    super();
    this.response = response;
    this.dueMs = dueMs;
    this.signer = signer;
  }
}

/** The same for many answers that are written by somebody else, with one timer: one for each would cost as much as a call. */
export class SignsOfLife {
  readonly #silenceMs: number;
  /** The one that is due first comes first, for all wait equally long. */
  readonly #silent = new Chain<Silence>();
  #timer: NodeJS.Timeout | undefined;

  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  begin(response: ServerResponse, signer?: Signer): Silence {
    const silence = new Silence(response, performance.now() + this.#silenceMs, signer);
    this.#silent.add(silence);
    if (!this.#timer) this.#arm(this.#silenceMs);
    return silence;
  }

  /** To be called before the answer is written. */
  end(silence: Silence | undefined): void {
    if (silence) this.#silent.remove(silence);
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#fire(), delayMs).unref();
  }

  /** It may fire for nothing: nobody takes the timer back when the last answer was written. */
  #fire(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (let silence = this.#silent.first; silence; silence = this.#silent.first) {
      if (silence.dueMs > nowMs) {
        this.#arm(silence.dueMs - nowMs);
        return;
      }
      this.#silent.remove(silence);
      silence.dueMs = nowMs + this.#silenceMs;
      this.#silent.add(silence);
      if (silence.signer) silence.signer.sign();
      else sign(silence.response);
    }
  }
}

function sign(response: ServerResponse): void {
  if (response.writableEnded || response.destroyed) return;
  if (!response.headersSent) response.writeHead(200, withRequestId(response, EVENT_STREAM_HEADERS));
  response.write(': still working\n\n');
}
