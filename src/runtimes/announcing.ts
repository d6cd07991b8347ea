/** Tells remote servers by a header which gateway asks, so that one which is asked by itself can notice. */
import { setPostedHeader } from '../stdx/post.ts';
import type { Runtime } from './runtime.ts';

/** `via` is asked at each request: who asks us may have become known since the last. */
export function announcing(runtime: Runtime, header: string, via: () => string): Runtime {
  return {
    prepare: (...asked) => runtime.prepare(...asked),
    async launch(signal) {
      const endpoint = await runtime.launch(signal);
      if (endpoint.kind !== 'remote') return endpoint;
      const { fetch: send = fetch, post } = endpoint;
      return {
        ...endpoint,
        fetch: (url, init = {}) => {
          const headers = new Headers(init.headers);
          headers.set(header, via());
          return send(url, { ...init, headers });
        },
        post:
          post &&
          ((message, listener) => {
            setPostedHeader(message.headers, header, via());
            return post(message, listener);
          }),
      };
    },
  };
}
