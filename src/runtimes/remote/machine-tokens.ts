/** Tokens for a machine: the client's own credentials are exchanged for them, and they are kept in memory only. */
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../stdx/clock.ts';
import { SingleFlight } from '../../stdx/single-flight.ts';
import { credentialsRefused } from './login-required.ts';
import { Refusal } from './refusal.ts';
import type { RemoteFetch, TokenSource } from './remote-fetch.ts';
import { expiryOf } from './stored-tokens.ts';

const EXPIRY_MARGIN_MS = 20_000;

export interface MachineTokensOptions {
  readonly server: string;
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  /** The only authorization server that may see the credentials; undefined trusts what the server names. */
  readonly issuer: string | undefined;
  readonly fetch: RemoteFetch;
  readonly clock: Clock;
}

export class MachineTokens implements TokenSource {
  readonly #options: MachineTokensOptions;
  readonly #refusal: Refusal;
  readonly #flights = new SingleFlight<'renew', string>();
  #held: { readonly token: string; readonly expiresAtMs: number | undefined } | undefined;

  constructor(options: MachineTokensOptions) {
    this.#options = options;
    this.#refusal = new Refusal(options.clock);
  }

  async token(): Promise<string | undefined> {
    return this.tokenNow();
  }

  tokenNow(): string | undefined {
    this.#refusal.check(undefined);
    const held = this.#held;
    if (held?.expiresAtMs !== undefined && Date.now() > held.expiresAtMs - EXPIRY_MARGIN_MS) return undefined;
    return held?.token;
  }

  renew(refused: string | undefined, challenge: Response): Promise<string> {
    const held = this.#held;
    // Whoever was refused with an older token takes the one that others have got since.
    if (held && held.token !== refused && refused !== undefined) return Promise.resolve(held.token);
    return this.#flights.run('renew', () => this.#exchange(challenge));
  }

  async giveUp(why: string): Promise<Error> {
    return this.#refusal.note(credentialsRefused(this.#options.server, why), undefined, 'final');
  }

  async tooNarrow(scope: string | undefined): Promise<Error> {
    return credentialsRefused(this.#options.server, `this needs further rights${scope ? `: ${scope}` : ''}`);
  }

  async #exchange(challenge: Response): Promise<string> {
    this.#refusal.check(undefined);
    const { server, url, clientId, clientSecret, scope, issuer, fetch } = this.#options;
    const sdk = await import('@modelcontextprotocol/client');
    const common = { clientId, clientSecret, clientName: 'tooldex', ...(scope ? { scope } : {}) };
    const provider = issuer
      ? new sdk.ClientCredentialsProvider({ ...common, expectedIssuer: issuer })
      : new sdk.ClientCredentialsProvider(common);
    const { resourceMetadataUrl } = sdk.extractWWWAuthenticateParams(challenge);
    try {
      await sdk.auth(provider, {
        serverUrl: url,
        fetchFn: fetch,
        ...(scope ? { scope } : {}),
        ...(resourceMetadataUrl ? { resourceMetadataUrl } : {}),
      });
    } catch (error) {
      throw this.#failed(
        server,
        error,
        error instanceof sdk.OAuthError && error.code !== sdk.OAuthErrorCode.ServerError,
      );
    }
    const tokens = provider.tokens();
    if (!tokens) throw await this.giveUp('the authorization server gave no token');
    this.#held = { token: tokens.access_token, expiresAtMs: expiryOf(tokens) };
    return tokens.access_token;
  }

  #failed(server: string, error: unknown, isFinal: boolean): Error {
    const said = error instanceof Error ? error.message : String(error);
    if (isFinal || (error instanceof Error && error.name === 'AuthorizationServerMismatchError')) {
      return this.#refusal.note(credentialsRefused(server, said, error), undefined, 'final');
    }
    const message = `No token for server "${server}" could be had: ${said}`;
    const hint = 'Its authorization server does not answer as it should; try again later.';
    return this.#refusal.note(
      new GatewayError('UPSTREAM_ERROR', message, { hint, cause: error }),
      undefined,
      'passing',
    );
  }
}
