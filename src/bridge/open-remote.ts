/** Opens a session with a server behind a URL: streamable HTTP, and HTTP+SSE where a server knows only that. */
import { GatewayError } from '../errors.ts';
import { abortable } from '../stdx/abort.ts';
import { systemClock } from '../stdx/clock.ts';
import type { Post } from '../stdx/post.ts';
import { boundedAnswers } from './bounded-answers.ts';
import { HandedAnswers } from './handed-answers.ts';
import { maskedFailures } from './masked-failures.ts';
import { MirroringSession } from './mirroring-session.ts';
import { negotiate } from './negotiate.ts';
import { HTTP_PROBE_TIMEOUT_MS, type OpenOptions } from './open-options.ts';
import { type RemoteTransport, RemoteWire } from './remote-wire.ts';
import { Reopenings } from './reopenings.ts';
import { RpcPeer } from './rpc-peer.ts';
import { httpStatusOf, tooLong } from './server-errors.ts';
import { Session } from './session.ts';
import { withStartDeadline } from './start-deadline.ts';

/** What the bridge needs of a remote server; the runtimes' endpoint is one. */
export interface RemotePeer {
  readonly kind: 'remote';
  readonly url: URL;
  readonly transport: 'auto' | 'streamable-http' | 'sse';
  readonly headers: Readonly<Record<string, string>>;
  /** How its requests are made, where the plain way is not enough. */
  readonly fetch?: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** The same for one message at a time, without what only some answers need. */
  readonly post?: Post | undefined;
  /** Masks the secrets of the configuration in what the server answers with a failure. */
  readonly redact?: (text: string) => string;
}

type TransportKind = 'streamable-http' | 'sse';

/** Throws START_FAILED or START_TIMEOUT; nothing stays open then. */
export async function openRemote(endpoint: RemotePeer, options: OpenOptions): Promise<Session> {
  const { server, startTimeoutMs, clock = systemClock, signal: outer } = options;
  const deadline = { server, startTimeoutMs, clock, signal: outer, stderrTail: () => [] };
  try {
    return await withStartDeadline(deadline, (signal) => connectSomehow(endpoint, { ...options, clock, signal }));
  } catch (error) {
    throw asStartError(error, server);
  }
}

type ConnectOptions = OpenOptions & Required<Pick<OpenOptions, 'clock' | 'signal'>>;

async function connectSomehow(endpoint: RemotePeer, options: ConnectOptions): Promise<Session> {
  if (endpoint.transport === 'sse') return connect(endpoint, 'sse', options);
  try {
    return await connect(endpoint, 'streamable-http', options);
  } catch (error) {
    if (endpoint.transport !== 'auto' || !knowsNoPost(error)) throw error;
    return await connect(endpoint, 'sse', { ...options, eraHint: 'legacy' });
  }
}

async function connect(endpoint: RemotePeer, kind: TransportKind, options: ConnectOptions): Promise<Session> {
  const { server, clientInfo, client, rootsFor, clock, signal } = options;
  const capabilities = client?.capabilities ?? {};
  const failures = new OwnFailures(endpoint.fetch ?? fetch);
  const handed = new HandedAnswers(failures.fetch);
  const bounded = boundedAnswers(handed.fetch, {
    tooLong: () => tooLong(server),
    onBrokenOff: (request) => wire?.brokeOff(request),
  });
  const reopenings = new Reopenings();
  const another = () =>
    createTransport(endpoint, kind, { reopenings, fetch: maskedFailures(bounded, endpoint.redact) });
  const quick = endpoint.post && { post: endpoint.post, headers: endpoint.headers, handed };
  let wire: RemoteWire | undefined;
  const transport = await another();
  const peer = new RpcPeer(
    (ear) => {
      wire = new RemoteWire(transport, { server, clock, connect: another, quick }, ear);
      return wire;
    },
    { server, clock, client },
  );
  void peer.closed.then(() => reopenings.close());
  try {
    await abortable(Promise.resolve(wire?.start()), signal);
    const eraHint = kind === 'sse' ? 'legacy' : options.eraHint;
    const facts = await negotiate(peer, {
      server,
      clientInfo,
      capabilities,
      eraHint,
      clock,
      signal,
      probeTimeoutMs: HTTP_PROBE_TIMEOUT_MS,
    });
    const isMirrored = kind === 'streamable-http' && facts.era === 'modern';
    const known = { server, clientInfo, clock, facts, capabilities, rootedClient: rootsFor && client };
    return new (isMirrored ? MirroringSession : Session)(peer, known);
  } catch (error) {
    reopenings.close();
    await transport.close().catch(() => {});
    throw failures.last ?? error;
  }
}

/** The SDK's client costs 150 ms of import, so only gateways with remote servers pay it. */
async function createTransport(
  endpoint: RemotePeer,
  kind: TransportKind,
  {
    reopenings,
    fetch: fetchOne,
  }: { readonly reopenings: Reopenings; readonly fetch: NonNullable<RemotePeer['fetch']> },
): Promise<RemoteTransport> {
  const { SSEClientTransport, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const options = { requestInit: { headers: { ...endpoint.headers } }, fetch: fetchOne };
  if (kind === 'sse') return new SSEClientTransport(endpoint.url, options);
  const reconnectionScheduler = reopenings.schedule;
  return new StreamableHTTPClientTransport(endpoint.url, { ...options, reconnectionScheduler });
}

/** The SDK's event stream keeps only the text of an error; what was thrown here says what to do. */
class OwnFailures {
  readonly fetch: NonNullable<RemotePeer['fetch']>;
  last: GatewayError | undefined;

  constructor(fetchOne: NonNullable<RemotePeer['fetch']>) {
    this.fetch = async (url, init) => {
      try {
        return await fetchOne(url, init);
      } catch (error) {
        if (error instanceof GatewayError) this.last = error;
        throw error;
      }
    };
  }
}

/** How servers from before 2025-03-26 answer a POST to the URL of their event stream. */
function knowsNoPost(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 400 || status === 404 || status === 405;
}

function asStartError(error: unknown, server: string): unknown {
  if (!(error instanceof GatewayError)) return error;
  if (error.code !== 'UPSTREAM_ERROR' && error.code !== 'SERVER_CRASHED') return error;
  return new GatewayError('START_FAILED', `Server "${server}" could not be connected. ${error.message}`, {
    cause: error,
    hint: error.hint ?? '',
    data: error.data,
  });
}
