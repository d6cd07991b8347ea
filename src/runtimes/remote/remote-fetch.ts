/** What the parts of a remote connection hand to one another: the shape of `fetch`, and where a bearer token comes from. */

export type RemoteFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface TokenSource {
  /** The token for the next request, if there is one. Throws LOGIN_REQUIRED while it is known that none would do. */
  token(): Promise<string | undefined>;
  /** Another token than the one that was refused with `challenge`; one attempt for all who ask at once. Throws LOGIN_REQUIRED. */
  renew(refused: string | undefined, challenge: Response): Promise<string>;
  /** The error for a token that was refused though it is fresh; until something changes `token` throws it too. */
  giveUp(why: string): Promise<Error>;
  /** The error for a token that is good but not for this, which would need `scope`. */
  tooNarrow(scope: string | undefined): Promise<Error>;
}
