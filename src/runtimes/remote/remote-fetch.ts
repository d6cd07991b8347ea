/** What the parts of a remote connection hand to one another: the shape of `fetch`, and where a bearer token comes from. */

import type { Post } from '../../stdx/post.ts';

export type RemoteFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** The two ways to one server, over the same connections. */
export interface RemoteWay {
  readonly fetch: RemoteFetch;
  /** To the address of the server itself. Absent where every message needs more than that. */
  readonly post: Post | undefined;
}

export interface TokenSource {
  /** The token for the next request, if there is one. Throws LOGIN_REQUIRED while it is known that none would do. */
  token(): Promise<string | undefined>;
  /** The same without waiting; false where it has to be waited for. */
  tokenNow(): string | undefined | false;
  /** Another token than the one that was refused with `challenge`; one attempt for all who ask at once. Throws LOGIN_REQUIRED. */
  renew(refused: string | undefined, challenge: Response): Promise<string>;
  /** The error for a token that was refused though it is fresh; until something changes `token` throws it too. */
  giveUp(why: string): Promise<Error>;
  /** The error for a token that is good but not for this, which would need `scope`. */
  tooNarrow(scope: string | undefined): Promise<Error>;
}
