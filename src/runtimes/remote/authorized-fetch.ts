/** `fetch` with a bearer token: a refused one is renewed and the request, which was not carried out, sent once more. */
import { abortable } from '../../stdx/abort.ts';
import type { RemoteFetch, TokenSource } from './remote-fetch.ts';

export interface AuthorizedFetchOptions {
  /** Tokens go to its origin and nowhere else. */
  readonly url: URL;
  readonly fetch: RemoteFetch;
  readonly tokens: Omit<TokenSource, 'tokenNow'>;
}

export function authorizedFetch({ url: home, fetch, tokens }: AuthorizedFetchOptions): RemoteFetch {
  return async (url, init = {}) => {
    if (new URL(url).origin !== home.origin) return fetch(url, init);
    const signal = init.signal ?? undefined;
    const token = await abortable(tokens.token(), signal);
    const response = await fetch(url, withToken(init, token));
    await refuseNarrowScope(tokens, response);
    if (response.status !== 401) return response;
    await response.body?.cancel().catch(() => {});
    const renewed = await abortable(tokens.renew(token, response), signal);
    const second = await fetch(url, withToken(init, renewed));
    if (second.status !== 401) return second;
    await second.body?.cancel().catch(() => {});
    throw await tokens.giveUp('it refuses even a fresh token');
  };
}

function withToken(init: RequestInit, token: string | undefined): RequestInit {
  if (token === undefined) return init;
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return { ...init, headers };
}

async function refuseNarrowScope(tokens: Pick<TokenSource, 'tooNarrow'>, response: Response): Promise<void> {
  const challenge = response.headers.get('www-authenticate') ?? '';
  if (response.status !== 403 || !/\berror="?insufficient_scope/.test(challenge)) return;
  await response.body?.cancel().catch(() => {});
  throw await tokens.tooNarrow(/\bscope="([^"]+)"/.exec(challenge)?.[1]);
}
