/** A POST with the bearer token that is at hand; where there has to be another first, `authorizedFetch` sees to it. */
import { type Post, setPostedHeader } from '../../stdx/post.ts';
import type { TokenSource } from './remote-fetch.ts';

/** Throws LOGIN_REQUIRED while it is known that no token would do. */
export function authorizedPost(post: Post, tokens: Pick<TokenSource, 'tokenNow'>): Post {
  return (message, listener) => {
    const token = tokens.tokenNow();
    if (token === false) return undefined;
    if (token !== undefined) setPostedHeader(message.headers, 'authorization', `Bearer ${token}`);
    message.hasToken = true;
    return post(message, listener);
  };
}
