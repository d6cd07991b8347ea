/** What a resolved remote server has beside its address: its login, its network, and what it may lead to. */

export interface RemoteAccessConfig {
  readonly oauth: OAuthConfig | undefined;
  /** Private addresses that it may lead to: none (an agent brought it), the host of its `url`, or all. */
  readonly privateHosts: 'none' | 'own' | 'all';
  /** A URL, `none`, or undefined for what the environment says. */
  readonly proxy: string | undefined;
  /** Absolute. */
  readonly caFile: string | undefined;
  readonly connectTimeoutMs: number;
  /** Silence within an answer or stream after which its connection is closed; undefined is no limit. */
  readonly readTimeoutMs?: number | undefined;
}

export interface OAuthConfig {
  readonly grant: 'authorization_code' | 'client_credentials';
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly scopes: readonly string[] | undefined;
  /** The only authorization server that may see the secret of `client_credentials`. */
  readonly issuer: string | undefined;
  readonly redirectPort: number | undefined;
}
