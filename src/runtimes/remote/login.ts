/** A person's login at a remote server: OAuth 2.1 with PKCE, discovery and registration done by the MCP SDK. */
import { randomBytes } from 'node:crypto';
import type { OAuthClientProvider, OAuthDiscoveryState, StoredOAuthTokens } from '@modelcontextprotocol/client';
import { GatewayError } from '../../errors.ts';
import { grantedScopes, type LoginStore, type StoredLogin, scopesIn } from './login-store.ts';
import { openLoopbackRedirect } from './loopback-redirect.ts';
import type { RemoteFetch } from './remote-fetch.ts';
import { expiryOf } from './stored-tokens.ts';

const CHALLENGE_MS_MAX = 15_000;

export interface LoginOptions {
  readonly server: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A client that is registered already; without one this program registers itself. */
  readonly client: { readonly id: string; readonly secret: string | undefined } | undefined;
  readonly scope: string | undefined;
  /** Further scopes than those, and than the ones of the login that there is, which are asked for again. */
  readonly further?: readonly string[] | undefined;
  /** Port of the redirect on 127.0.0.1; 0 takes a free one. */
  readonly redirectPort: number;
  readonly fetch: RemoteFetch;
  readonly store: LoginStore;
  /** Gets the address that the user has to open. */
  readonly onAddress: (url: URL) => void;
  readonly signal: AbortSignal;
}

/** Resolves when the tokens are in the store. Throws UPSTREAM_ERROR with what the authorization server said. */
export async function login(options: LoginOptions): Promise<void> {
  const { server, url, store, signal } = options;
  await using redirect = await openLoopbackRedirect(options.redirectPort);
  try {
    const done = await authorize(options, redirect);
    await store.save(server, url, done);
  } catch (error) {
    if (error instanceof GatewayError || signal.aborted) throw error;
    const { said, isUnreachable } = whatFailed(error);
    throw new GatewayError('UPSTREAM_ERROR', `The login at server "${server}" failed: ${said}`, {
      hint: isUnreachable
        ? 'Check its `url` and the network.'
        : 'If it cannot register clients by itself, get a client id from its operator and write it to `oauth: {client_id: ...}`.',
      cause: error,
    });
  }
}

/** `fetch` hides what happened in the cause of "fetch failed". */
function whatFailed(error: unknown): { readonly said: string; readonly isUnreachable: boolean } {
  if (!(error instanceof Error)) return { said: String(error), isUnreachable: false };
  const isUnreachable = error instanceof TypeError && error.cause instanceof Error;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return { said: `${error.message}${cause}`, isUnreachable };
}

type Redirect = Awaited<ReturnType<typeof openLoopbackRedirect>>;

async function authorize(options: LoginOptions, redirect: Redirect): Promise<StoredLogin> {
  const { server, url: serverUrl, fetch, signal, onAddress } = options;
  const { auth } = await import('@modelcontextprotocol/client');
  const flow = new LoginFlow(options, redirect.url);
  const challenge = await askForChallenge(options);
  const asked = await scopesToAskFor(options, challenge.scope);
  const common = {
    serverUrl,
    fetchFn: fetch,
    ...(asked ? { scope: asked } : {}),
    ...(challenge.resourceMetadataUrl ? { resourceMetadataUrl: challenge.resourceMetadataUrl } : {}),
  };
  await auth(flow, common);
  const answer = redirect.answer(flow.state(), signal);
  if (flow.address) onAddress(flow.address);
  const query = await answer;
  const code = query.get('code');
  if (code === null) throw refused(server, query);
  const iss = query.get('iss');
  await auth(flow, { ...common, authorizationCode: code, ...(iss === null ? {} : { iss }) });
  return flow.result();
}

async function scopesToAskFor(
  { server, url, store, scope, further = [] }: LoginOptions,
  challenged: string | undefined,
): Promise<string | undefined> {
  const usual = scope ?? challenged;
  if (further.length === 0) return usual;
  const before = grantedScopes(await store.read(server, url));
  return [...new Set([...scopesIn(usual), ...before, ...further])].join(' ');
}

function refused(server: string, query: URLSearchParams): GatewayError {
  const why = query.get('error_description') ?? query.get('error') ?? 'no code came back';
  return new GatewayError('LOGIN_REQUIRED', `The login at server "${server}" was refused: ${why.slice(0, 300)}`, {
    hint: `Run \`tooldex login ${server}\` again.`,
  });
}

/** A server that wants a login says with its refusal where its metadata is, and which scopes it wants. */
async function askForChallenge({ url, headers, fetch, signal }: LoginOptions) {
  const { extractWWWAuthenticateParams } = await import('@modelcontextprotocol/client');
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(CHALLENGE_MS_MAX)]),
  });
  return extractWWWAuthenticateParams(response);
}

/** One login's memory, as the SDK wants it; nothing of it outlives the login but its result. */
class LoginFlow implements OAuthClientProvider {
  readonly redirectUrl: URL;
  readonly #options: LoginOptions;
  readonly #state = randomBytes(24).toString('base64url');
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;
  #client: StoredLogin['client'] | undefined;
  #tokens: StoredOAuthTokens | undefined;
  address: URL | undefined;

  constructor(options: LoginOptions, redirectUrl: URL) {
    this.#options = options;
    this.redirectUrl = redirectUrl;
    const { client } = options;
    if (client && !this.clientMetadataUrl)
      this.#client = { client_id: client.id, ...(client.secret ? { client_secret: client.secret } : {}) };
  }

  /** A client id that is an address names a document about the client, for servers that read such; others are registered with. */
  get clientMetadataUrl() {
    const { client } = this.#options;
    return client?.secret === undefined && client?.id.startsWith('https://') ? client.id : undefined;
  }

  get clientMetadata() {
    return {
      client_name: 'Tooldex',
      redirect_uris: [this.redirectUrl.href],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...(this.#options.scope ? { scope: this.#options.scope } : {}),
    };
  }

  state() {
    return this.#state;
  }

  clientInformation(context?: { readonly issuer: string }) {
    return this.#client && { ...context, ...this.#client };
  }

  saveClientInformation(client: StoredLogin['client']) {
    this.#client = client;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens) {
    this.#tokens = tokens;
  }

  /** A desktop opens whatever program is registered for a scheme; only a page is meant. */
  redirectToAuthorization(url: URL) {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new GatewayError(
        'NOT_ALLOWED',
        `The login at server "${this.#options.server}" leads to ${url.protocol} instead of a web page`,
        { hint: 'Do not log in there: ask its operator why its authorization server names such an address.' },
      );
    }
    this.address = url;
  }

  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  saveDiscoveryState(discovery: OAuthDiscoveryState) {
    this.#discovery = discovery;
  }

  discoveryState() {
    return this.#discovery;
  }

  result(): StoredLogin {
    if (!this.#tokens || !this.#client || !this.#discovery) throw new Error('the authorization server gave no token');
    const { id_token: _, ...tokens } = this.#tokens;
    const scope = this.address?.searchParams.get('scope') ?? undefined;
    return { tokens, expiresAtMs: expiryOf(tokens), client: this.#client, discovery: this.#discovery, scope };
  }
}
