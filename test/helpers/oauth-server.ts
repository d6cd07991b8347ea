/** An MCP server that wants OAuth, with its authorization server: real HTTP on loopback, real PKCE, rotation that notices reuse. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { greeter } from './greeter.ts';
import { listen } from './listen.ts';

interface Grant {
  readonly client: string;
  readonly redirect: string;
  readonly challenge: string;
  readonly resource: string | null;
  readonly scope: string | null;
}

export class OAuthServer {
  /** What was asked, in order: `register`, `authorize`, `token authorization_code`, `mcp 200` ... */
  readonly seen: string[] = [];
  /** Values of `resource` in requests for tokens. */
  readonly resources: (string | null)[] = [];
  readonly scopes: (string | null)[] = [];
  accessSeconds = 3600;
  /** How the token endpoint answers refreshing: as it should, with invalid_grant, or not at all well. */
  refreshing: 'works' | 'refuses' | 'is-down' = 'works';
  /** What `resource_metadata` names as the authorization server. */
  issuer = '';
  /** False lets the resource server refuse every token. */
  accepts = true;
  /** A scope that requests need besides those that a first login is told of. */
  needed: string | undefined;
  /** Where its metadata say that users log in; its own page unless set. */
  loginPage: string | undefined;
  /** Whether a client id may be the address of a document about the client. */
  readsDocuments = false;
  readonly clients: string[] = [];
  url = new URL('http://unset');
  readonly #codes = new Map<string, Grant>();
  readonly #access = new Map<string, string>();
  readonly #refresh = new Set<string>();
  readonly #used = new Set<string>();
  readonly #mcp = greeter();

  static async start(): Promise<OAuthServer> {
    const server = new OAuthServer();
    server.url = await listen((request, response) => void server.#route(request, response));
    server.issuer = server.url.origin;
    return server;
  }

  count(what: string): number {
    return this.seen.filter((each) => each === what).length;
  }

  /** Every access token given out so far is over, though nobody was told. */
  expire(): void {
    this.#access.clear();
  }

  /** No token is good for any scope any more, though each stays valid. */
  forgetScopes(): void {
    for (const token of this.#access.keys()) this.#access.set(token, '');
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    switch (url.pathname) {
      case '/mcp':
        return this.#resource(request, response);
      case '/.well-known/oauth-protected-resource/mcp':
        return json(response, 200, { resource: this.url.href, authorization_servers: [this.issuer] });
      case '/.well-known/oauth-authorization-server':
        return json(response, 200, this.#metadata());
      case '/register':
        this.seen.push('register');
        return json(response, 201, { ...JSON.parse(await textOf(request)), client_id: randomBytes(6).toString('hex') });
      case '/authorize':
        return this.#authorize(url, response);
      case '/token':
        return this.#token(request, response);
      case '/revoke':
        this.seen.push('revoke');
        this.#refresh.delete(new URLSearchParams(await textOf(request)).get('token') ?? '');
        return json(response, 200, {});
      default:
        return json(response, 404, {});
    }
  }

  #metadata() {
    const at = (path: string) => `${this.url.origin}${path}`;
    return {
      issuer: this.url.origin,
      authorization_endpoint: this.loginPage ?? at('/authorize'),
      token_endpoint: at('/token'),
      registration_endpoint: at('/register'),
      revocation_endpoint: at('/revoke'),
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: this.readsDocuments,
    };
  }

  #resource(request: IncomingMessage, response: ServerResponse) {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const isIn = this.accepts && token !== undefined && this.#access.has(token);
    this.seen.push(isIn ? 'mcp in' : 'mcp 401');
    const isNarrow = isIn && this.needed !== undefined && !this.#access.get(token)?.split(' ').includes(this.needed);
    if (isIn && !isNarrow) return void this.#mcp(request, response);
    request.resume();
    if (isNarrow) {
      response.setHeader('www-authenticate', `Bearer error="insufficient_scope", scope="${this.needed}"`);
      return json(response, 403, {});
    }
    const metadata = `${this.url.origin}/.well-known/oauth-protected-resource/mcp`;
    response.setHeader('www-authenticate', `Bearer resource_metadata="${metadata}", scope="tools:read"`);
    json(response, 401, {});
  }

  /** A user who says yes at once. */
  #authorize({ searchParams: asked }: URL, response: ServerResponse) {
    this.seen.push('authorize');
    const text = (name: string) => asked.get(name) ?? '';
    this.clients.push(text('client_id'));
    if (text('code_challenge_method') !== 'S256') return json(response, 400, { error: 'invalid_request' });
    const code = randomBytes(9).toString('hex');
    const [resource, scope] = [asked.get('resource'), asked.get('scope')];
    const grant = { client: text('client_id'), redirect: text('redirect_uri'), challenge: text('code_challenge') };
    this.#codes.set(code, { ...grant, resource, scope });
    const back = new URL(text('redirect_uri'));
    back.searchParams.set('code', code);
    back.searchParams.set('state', text('state'));
    back.searchParams.set('iss', this.url.origin);
    response.writeHead(302, { location: back.href }).end();
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = new URLSearchParams(await textOf(request));
    const grant = body.get('grant_type') ?? '';
    this.seen.push(`token ${grant}`);
    this.resources.push(body.get('resource'));
    if (grant === 'authorization_code') return this.#redeem(body, response);
    if (grant === 'client_credentials') return this.#machine(request, body, response);
    return this.#refreshed(body, response);
  }

  #redeem(body: URLSearchParams, response: ServerResponse) {
    const code = body.get('code') ?? '';
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url');
    const fits = grant?.challenge === challenge && grant.redirect === body.get('redirect_uri');
    if (!fits || grant.client !== body.get('client_id')) return json(response, 400, { error: 'invalid_grant' });
    this.scopes.push(grant.scope);
    this.#give(response, true);
  }

  #machine(request: IncomingMessage, body: URLSearchParams, response: ServerResponse) {
    const basic = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    if (basic !== 'robot:robot-secret') return json(response, 401, { error: 'invalid_client' });
    this.scopes.push(body.get('scope'));
    this.#give(response, false);
  }

  #refreshed(body: URLSearchParams, response: ServerResponse) {
    const token = body.get('refresh_token') ?? '';
    if (this.refreshing === 'is-down') return json(response, 503, { error: 'server_error' });
    // A token that comes twice was stolen by somebody: all of its kind are over.
    if (this.#used.has(token)) {
      this.seen.push('reuse');
      this.#refresh.clear();
    }
    if (this.refreshing === 'refuses' || !this.#refresh.delete(token)) {
      return json(response, 400, { error: 'invalid_grant', error_description: 'it is over' });
    }
    this.#used.add(token);
    this.#give(response, true);
  }

  #give(response: ServerResponse, withRefresh: boolean) {
    const [access, refresh] = [randomBytes(9).toString('hex'), randomBytes(9).toString('hex')];
    this.#access.set(access, this.scopes.at(-1) ?? '');
    if (withRefresh) this.#refresh.add(refresh);
    json(response, 200, {
      access_token: access,
      token_type: 'Bearer',
      expires_in: this.accessSeconds,
      ...(withRefresh ? { refresh_token: refresh } : {}),
    });
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
