/** Tokens of a person's login: read from the store, renewed once for all who need them, in whatever process. */
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../stdx/clock.ts';
import { SingleFlight } from '../../stdx/single-flight.ts';
import { furtherRights, loginRequired } from './login-required.ts';
import { grantedScopes, type LoginStore, type StoredLogin, scopesIn } from './login-store.ts';
import { Refusal } from './refusal.ts';
import type { RemoteFetch, TokenSource } from './remote-fetch.ts';

/** A token that ends during the request is of no use. */
const EXPIRY_MARGIN_MS = 20_000;
/** For so long nobody looks again whether there is another login. */
const STAMP_MS = 50;

export interface StoredTokensOptions {
  readonly server: string;
  readonly url: URL;
  readonly store: LoginStore;
  /** For the authorization server. */
  readonly fetch: RemoteFetch;
  readonly clock: Clock;
  /** Told of a renewed login that will be lost when this process ends. */
  readonly warn?: ((message: string) => void) | undefined;
}

export class StoredTokens implements TokenSource {
  readonly #options: StoredTokensOptions;
  readonly #refusal: Refusal;
  readonly #flights = new SingleFlight<'renew', string>();
  #stamp: { readonly seenMs: number; readonly stamp: string | undefined } | undefined;
  #known: { readonly stamp: string; readonly login: StoredLogin | undefined } | undefined;

  constructor(options: StoredTokensOptions) {
    this.#options = options;
    this.#refusal = new Refusal(options.clock);
  }

  async token(): Promise<string | undefined> {
    const { stamp, login } = await this.#look();
    this.#refusal.check(stamp);
    if (!login) return undefined;
    return isOver(login) ? this.renew(login.tokens.access_token) : login.tokens.access_token;
  }

  tokenNow(): string | undefined | false {
    const stamp = this.#stampNow();
    if (stamp !== undefined && this.#known?.stamp !== stamp) return false;
    this.#refusal.check(stamp);
    const login = stamp === undefined ? undefined : this.#known?.login;
    return login && isOver(login) ? false : login?.tokens.access_token;
  }

  renew(refused: string | undefined): Promise<string> {
    return this.#flights.run('renew', () => this.#renew(refused));
  }

  async giveUp(why: string): Promise<Error> {
    const { stamp } = await this.#look();
    return this.#refusal.note(loginRequired(this.#options.server, why), stamp, 'final');
  }

  async tooNarrow(scope: string | undefined): Promise<Error> {
    const { login } = await this.#look();
    return furtherRights(this.#options.server, { wanted: scopesIn(scope), granted: grantedScopes(login) });
  }

  async #renew(refused: string | undefined): Promise<string> {
    const before = await this.#look();
    this.#refusal.check(before.stamp);
    if (!before.login) throw await this.giveUp('it does not let anybody in without one');
    const unlock = await this.#lock();
    try {
      const { login } = await this.#look();
      if (!login) throw await this.giveUp('it was logged out');
      // Another process, or a call just before, has renewed it meanwhile.
      if (login.tokens.access_token !== refused) return login.tokens.access_token;
      return await this.#refresh(login);
    } finally {
      await unlock();
    }
  }

  /** Where nothing can be written a renewed login would be lost with this process; the old one can still be renewed. */
  async #lock(): Promise<() => Promise<void>> {
    const { store, server } = this.#options;
    return store.lock(server).catch((error: unknown) => {
      const message = `The login at server "${server}" is not renewed while nothing can be written to the data folder: ${reasonOf(error)}`;
      const hint = 'Free space or make the folder writable; nothing of the login is lost, and the next call renews it.';
      throw new GatewayError('DATA_DIR_UNUSABLE', message, { hint, cause: error });
    });
  }

  async #refresh(login: StoredLogin): Promise<string> {
    const { server, url, store, fetch } = this.#options;
    const { refresh_token: refreshToken } = login.tokens;
    if (!refreshToken) throw await this.giveUp('the last one has expired and cannot be renewed');
    const { refreshAuthorization } = await import('@modelcontextprotocol/client');
    const { authorizationServerUrl, authorizationServerMetadata, resourceMetadata } = login.discovery;
    const issuer = login.tokens.issuer;
    const tokens = await refreshAuthorization(authorizationServerUrl, {
      ...(authorizationServerMetadata ? { metadata: authorizationServerMetadata } : {}),
      clientInformation: login.client,
      refreshToken,
      ...(resourceMetadata ? { resource: resourceMetadata.resource } : {}),
      fetchFn: fetch,
    }).catch(async (error: unknown) => Promise.reject(await this.#refreshFailed(error)));
    const renewed = { ...login, tokens: { ...tokens, ...(issuer ? { issuer } : {}) }, expiresAtMs: expiryOf(tokens) };
    await store.save(server, url, renewed).catch((error: unknown) => this.#hold(renewed, error));
    return tokens.access_token;
  }

  /** What cannot be kept is used all the same: the token that it was renewed with serves no more. */
  #hold(login: StoredLogin, error: unknown): void {
    if (this.#known) this.#known = { ...this.#known, login };
    const { server, warn } = this.#options;
    const remedy = `Free space or make the data folder writable; after a restart before it is renewed again, run \`tooldex login ${server}\``;
    warn?.(`the login at server "${server}" was renewed and works, but cannot be kept: ${reasonOf(error)}. ${remedy}`);
  }

  /** A refused refresh token stays refused; anything else may be better in a moment. */
  async #refreshFailed(error: unknown): Promise<Error> {
    const { server } = this.#options;
    const { OAuthError, OAuthErrorCode } = await import('@modelcontextprotocol/client');
    const said = reasonOf(error);
    if (error instanceof OAuthError && error.code !== OAuthErrorCode.ServerError) {
      return this.giveUp(`the last one could not be renewed (${error.code}: ${said})`);
    }
    const { stamp } = await this.#look();
    const unreachable = new GatewayError(
      'UPSTREAM_ERROR',
      `The login at server "${server}" could not be renewed: ${said}`,
      { hint: 'Its authorization server does not answer as it should; try again later.', cause: error },
    );
    return this.#refusal.note(unreachable, stamp, 'passing');
  }

  /** An older one is as good: a server that has got no token, or the wrong one, says so. */
  #stampNow(): string | undefined {
    const { store, server, clock } = this.#options;
    const nowMs = clock.now();
    if (this.#stamp === undefined || nowMs - this.#stamp.seenMs >= STAMP_MS)
      this.#stamp = { seenMs: nowMs, stamp: store.stampNow(server) };
    return this.#stamp.stamp;
  }

  async #look(): Promise<{ readonly stamp: string | undefined; readonly login: StoredLogin | undefined }> {
    const { server, url, store } = this.#options;
    const stamp = await store.stamp(server);
    if (stamp === undefined) return { stamp, login: undefined };
    if (this.#known?.stamp !== stamp) this.#known = { stamp, login: await store.read(server, url) };
    return this.#known;
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const isOver = ({ expiresAtMs }: StoredLogin) =>
  expiresAtMs !== undefined && Date.now() > expiresAtMs - EXPIRY_MARGIN_MS;

export function expiryOf({ expires_in: seconds }: { readonly expires_in?: number | undefined }): number | undefined {
  return seconds === undefined ? undefined : Date.now() + seconds * 1000;
}
