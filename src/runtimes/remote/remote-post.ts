/** POSTs over the connections of a remote server, by callbacks of undici's dispatcher. */
import type { Dispatcher } from 'undici';
import {
  addPostedHeader,
  type Post,
  type PostedMessage,
  type Posting,
  type PostListener,
  setPostedHeader,
} from '../../stdx/post.ts';
import { ownCause } from './own-cause.ts';

export function createRemotePost(dispatcher: Dispatcher, url: URL): Post {
  const { origin, pathname, search, protocol } = url;
  const path = `${pathname}${search}`;
  const encodings = protocol === 'https:' ? 'br, gzip, deflate' : 'gzip, deflate';
  return ({ headers, body, hasToken = false }: PostedMessage, listener) => {
    sayAsFetchDoes(headers, encodings);
    const request = new Request(listener, hasToken);
    dispatcher.dispatch({ origin, path, method: 'POST', headers, body }, request);
    return request;
  };
}

/** What undici's `fetch` says of itself: whoever stands before a server shall see no difference. */
function sayAsFetchDoes(headers: string[], encodings: string): void {
  addPostedHeader(headers, 'accept-language', '*');
  setPostedHeader(headers, 'sec-fetch-mode', 'cors');
  addPostedHeader(headers, 'user-agent', 'undici');
  addPostedHeader(headers, 'accept-encoding', encodings);
}

class Request implements Posting, Dispatcher.DispatchHandler {
  readonly #listener: PostListener;
  readonly #hasToken: boolean;
  #controller: Dispatcher.DispatchController | undefined;
  #isAborted = false;
  #hasHead = false;

  constructor(listener: PostListener, hasToken: boolean) {
    this.#listener = listener;
    this.#hasToken = hasToken;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort(new Error('nobody waits for the answer any more'));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) this.abort();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Parameters<PostListener['head']>[1],
  ): void {
    if (status < 200 || this.#isAborted) return;
    if (this.#hasToken && (status === 401 || status === 403)) {
      this.#isAborted = true;
      this.#listener.declined();
      controller.abort(new Error('to be asked again'));
      return;
    }
    this.#hasHead = true;
    this.#listener.head(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isAborted) this.#listener.data(chunk);
  }

  onResponseEnd(): void {
    if (!this.#isAborted) this.#listener.end();
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#isAborted) return;
    const what = this.#hasHead ? 'terminated' : 'fetch failed';
    this.#listener.failed(ownCause(error) ?? new TypeError(what, { cause: error }));
  }
}
