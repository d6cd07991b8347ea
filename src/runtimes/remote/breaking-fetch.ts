/** The ways to a server through a circuit breaker: what cannot be reached, or is down behind its proxy, is not asked by every call. */
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../stdx/clock.ts';
import type { Post, Posting, PostListener } from '../../stdx/post.ts';
import { CircuitBreaker, type Passage } from './circuit-breaker.ts';
import type { RemoteFetch, RemoteWay } from './remote-fetch.ts';

/** Said by what stands before a server that is down; other errors are answers. */
const DOWN = new Set([502, 503, 504]);

/** Both throw SERVER_BUSY with `retryAfterMs` while the circuit is open. */
export function breakingWay(server: string, { fetch, post }: RemoteWay, clock: Clock): RemoteWay {
  const watch = new Watch(server, clock);
  return { fetch: watched(fetch, watch), post: post && watchedPost(post, watch) };
}

class Watch {
  readonly #server: string;
  readonly #breaker: CircuitBreaker;
  #last = '';

  constructor(server: string, clock: Clock) {
    this.#server = server;
    this.#breaker = new CircuitBreaker(clock);
  }

  enter(): Passage {
    const passage = this.#breaker.enter();
    if (typeof passage === 'number') throw resting(this.#server, passage, this.#last);
    return passage;
  }

  answered(passage: Passage, status: number): void {
    if (DOWN.has(status)) this.#last = `HTTP ${status}`;
    passage.end(DOWN.has(status) ? 'failure' : 'success');
  }

  failed(passage: Passage, error: unknown): void {
    // An error of our own, such as an address that is not allowed, comes before the server.
    const isOurs = error instanceof GatewayError;
    if (!isOurs) this.#last = reasonOf(error);
    passage.end(isOurs ? 'cancelled' : 'failure');
  }
}

function watched(fetch: RemoteFetch, watch: Watch): RemoteFetch {
  return async (url, init) => {
    const passage = watch.enter();
    try {
      const response = await fetch(url, init);
      watch.answered(passage, response.status);
      return response;
    } catch (error) {
      if (init?.signal?.aborted) passage.end('cancelled');
      else watch.failed(passage, error);
      throw error;
    }
  };
}

function watchedPost(post: Post, watch: Watch): Post {
  return (message, listener) => {
    const passage = watch.enter();
    const asked = new WatchedPost(watch, passage, listener);
    asked.posting = post(message, asked);
    if (!asked.posting) passage.end('cancelled');
    return asked.posting && asked;
  };
}

class WatchedPost implements PostListener, Posting {
  posting: Posting | undefined;
  readonly #watch: Watch;
  readonly #listener: PostListener;
  /** Undefined once it is known what the request came to. */
  #passage: Passage | undefined;

  constructor(watch: Watch, passage: Passage, listener: PostListener) {
    this.#watch = watch;
    this.#passage = passage;
    this.#listener = listener;
  }

  head(...[status, headers]: Parameters<PostListener['head']>): void {
    const passage = this.#leave();
    if (passage) this.#watch.answered(passage, status);
    this.#listener.head(status, headers);
  }

  data(chunk: Buffer): void {
    this.#listener.data(chunk);
  }

  end(): void {
    this.#listener.end();
  }

  failed(error: Error): void {
    const passage = this.#leave();
    if (passage) this.#watch.failed(passage, error);
    this.#listener.failed(error);
  }

  declined(): void {
    this.#leave()?.end('success');
    this.#listener.declined();
  }

  abort(): void {
    this.#leave()?.end('cancelled');
    this.posting?.abort();
  }

  pause(): void {
    this.posting?.pause();
  }

  resume(): void {
    this.posting?.resume();
  }

  #leave(): Passage | undefined {
    const passage = this.#passage;
    this.#passage = undefined;
    return passage;
  }
}

function resting(server: string, leftMs: number, last: string): GatewayError {
  const message = `Server "${server}" failed several times in a row and is left alone for a while; the last time: ${last}`;
  return new GatewayError('SERVER_BUSY', message, {
    hint: `Call again in ${Math.ceil(leftMs / 1000)} s.`,
    data: { retryAfterMs: leftMs },
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
