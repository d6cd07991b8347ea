/** Answers that came by POSTs of ours, for a transport that is about to ask `fetch` for them. */
import type { HandedAnswer } from './handed-answer.ts';

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export class HandedAnswers {
  /** By the text of the request, in which its id is. */
  readonly #waiting = new Map<string, HandedAnswer>();
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** Gives what waits for this request, once, until the signal aborts, and asks for everything else. */
  readonly fetch: Fetch = (url, init) => {
    const body = this.#waiting.size > 0 ? init?.body : undefined;
    const answer = typeof body === 'string' ? this.#waiting.get(body) : undefined;
    if (!answer) return this.#fetch(url, init);
    this.#waiting.delete(body as string);
    return answer.until(init?.signal);
  };

  /** `request` as it will be written. */
  put(request: string, answer: HandedAnswer): void {
    this.#waiting.set(request, answer);
  }
}
