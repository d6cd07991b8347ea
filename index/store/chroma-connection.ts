/** How requests reach a Chroma server: the official client, a deadline for each, few retries, and errors that say what to do. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChromaClient } from 'chromadb';
import type { Dispatcher } from 'undici';
import { IndexError } from '../index-error.ts';
import { withDeadline, withSignals } from '../with-deadline.ts';
import { chromaFault } from './chroma-fault.ts';

export interface ChromaConnectionOptions {
  /** Where the server is: `http://host:port` or `https://host`. Asked before each request, so that a child may move. */
  readonly address: () => Promise<string>;
  /** What the server names for these credentials when left out. */
  readonly tenant?: string | undefined;
  readonly database?: string | undefined;
  /** Sent as `x-chroma-token`, which Chroma Cloud and servers with token authentication want. */
  readonly apiKey?: string | undefined;
  /** Further headers, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** PEM texts, for a server behind a private certificate authority or one that asks for a client certificate. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  /** Of one request, its repetitions included; 10 seconds. */
  readonly timeoutMs?: number | undefined;
}

interface Place {
  readonly tenant: string;
  readonly database: string;
}

const ATTEMPTS = 3;
const PAUSE_MS = 150;

export class ChromaConnection {
  readonly #options: ChromaConnectionOptions;
  readonly #closing = new AbortController();
  #place: Place | undefined;
  #dispatcher: Promise<Dispatcher> | undefined;

  constructor(options: ChromaConnectionOptions) {
    this.#options = options;
  }

  /** Resolves when the server has said who we are; a child that must start first may take its own time to. */
  async ready(): Promise<void> {
    await withSignals(() => this.#options.address(), [this.#closing.signal]);
    const { tenant, database } = this.#options;
    if (tenant && database) this.#place = { tenant, database };
    else this.#place ??= placeOf(await this.request((client) => client.getUserIdentity()), this.#options);
  }

  /**
   * Every request of the client that `work` gets ends by the deadline; `work` is repeated when it could not get through,
   * so it must bear that. Rejects with IndexError or with the signal's reason.
   */
  request<T>(work: (client: ChromaClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const ms = this.#options.timeoutMs ?? 10_000;
    const hint = 'Check the load of the Chroma server, or allow more time.';
    const expired = () => new IndexError('timeout', `Chroma did not answer within ${ms} ms`, { hint });
    return withSignals(
      (ending) => withDeadline((late) => this.#attempts(work, late), { ms, expired, signal: ending }),
      [signal, this.#closing.signal],
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new IndexError('closed', 'The Chroma store has been closed'));
    await (await this.#dispatcher)?.destroy();
  }

  async #attempts<T>(work: (client: ChromaClient) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const address = await this.#options.address();
      try {
        return await work(await this.#client(address, signal));
      } catch (error) {
        signal.throwIfAborted();
        const fault = chromaFault(error, { address, secrets: this.#secrets() });
        if (attempt === ATTEMPTS || fault.fault !== 'unreachable') throw fault;
      }
      await delay(PAUSE_MS * attempt * (0.5 + Math.random()), undefined, { signal });
    }
  }

  /** A client a request, since the official one can only be told at its birth when to stop; it costs no network. */
  async #client(address: string, signal: AbortSignal): Promise<ChromaClient> {
    const { ChromaClient } = await import('chromadb');
    const { hostname, port, protocol } = serverUrl(address);
    const ssl = protocol === 'https:';
    const { apiKey, headers, tls } = this.#options;
    const transport: object = tls ? { dispatcher: await this.#tlsDispatcher(tls) } : {};
    return new ChromaClient({
      host: hostname,
      port: port ? Number(port) : ssl ? 443 : 80,
      ssl,
      headers: { ...headers, ...(apiKey ? { 'x-chroma-token': apiKey } : {}) },
      fetchOptions: Object.assign({ signal, redirect: 'error' as const }, transport),
      ...this.#place,
    });
  }

  #tlsDispatcher(connect: NonNullable<ChromaConnectionOptions['tls']>): Promise<Dispatcher> {
    this.#dispatcher ??= import('undici').then(({ Agent }) => new Agent({ connect }));
    return this.#dispatcher;
  }

  #secrets(): string[] {
    const { apiKey, headers, tls } = this.#options;
    return [apiKey, ...Object.values(headers ?? {}), tls?.key].filter((secret) => secret !== undefined);
  }
}

/** The client knows hosts and ports, not paths. */
function serverUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username;
  if (isPlain) return url;
  throw new IndexError('invalid-option', 'The address of the Chroma server must be http://host:port or https://host', {
    hint: 'Leave out path, query and credentials; give a key as api_key or as a header.',
  });
}

function placeOf(identity: { tenant: string; databases: string[] }, options: ChromaConnectionOptions): Place {
  const databases = [...new Set(identity.databases)].filter((name) => name !== '*');
  const database = options.database ?? (databases.length === 1 ? databases[0] : undefined);
  if (database) return { tenant: options.tenant ?? identity.tenant, database };
  throw new IndexError('invalid-option', 'Chroma has several databases, or none, for these credentials', {
    hint: `Set database${databases.length > 0 ? ` to one of: ${databases.join(', ')}` : ''}.`,
  });
}
