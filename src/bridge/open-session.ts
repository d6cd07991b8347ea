/** The door of the bridge: from a running process, or a URL, to a session that can be called. */
import { GatewayError } from '../errors.ts';
import { systemClock } from '../stdx/clock.ts';
import { negotiate } from './negotiate.ts';
import { type OpenOptions, PROBE_TIMEOUT_MS } from './open-options.ts';
import { openRemote, type RemotePeer } from './open-remote.ts';
import { withOwnRoots } from './own-roots.ts';
import { RpcPeer } from './rpc-peer.ts';
import { exitedOnProbe, startExitError } from './server-errors.ts';
import { Session } from './session.ts';
import { withStartDeadline } from './start-deadline.ts';
import { type StdioPeer, StdioWire } from './stdio-wire.ts';

/**
 * Opens a session, or stops the endpoint and throws START_FAILED, START_TIMEOUT or PROTOCOL_VIOLATION. A process that
 * ends at the very first question throws an error that `exitedOnProbe` knows: ask a fresh one with `eraHint: 'legacy'`.
 */
export async function openSession(endpoint: StdioPeer | RemotePeer, options: OpenOptions): Promise<Session> {
  const { rootsFor, client } = options;
  const asked = rootsFor ? { ...options, client: withOwnRoots(client, rootsFor) } : options;
  return endpoint.kind === 'stdio' ? openStdio(endpoint, asked) : openRemote(endpoint, asked);
}

async function openStdio(endpoint: StdioPeer, options: OpenOptions): Promise<Session> {
  const { server, clientInfo, client, rootsFor, eraHint, startTimeoutMs, clock = systemClock, signal: outer } = options;
  const peer = new RpcPeer((ear) => new StdioWire(endpoint, { server, clock }, ear), { server, clock, client });
  const deadline = { server, startTimeoutMs, clock, signal: outer, stderrTail: () => endpoint.stderrTail() };
  const capabilities = client?.capabilities ?? {};
  const common = { server, clientInfo, capabilities, eraHint, clock, probeTimeoutMs: PROBE_TIMEOUT_MS };
  try {
    const facts = await withStartDeadline(deadline, (signal) => negotiate(peer, { ...common, signal }));
    return new Session(peer, { server, clientInfo, clock, facts, capabilities, rootedClient: rootsFor && client });
  } catch (error) {
    // Not awaited: the caller learns at once, and whoever launched the process waits for its end.
    void endpoint.stop('it could not be initialized');
    throw await asStartError(error, endpoint, server);
  }
}

/** What a crash or an error answer means when it comes before the server was ever usable. */
async function asStartError(error: unknown, endpoint: StdioPeer, server: string): Promise<unknown> {
  if (!(error instanceof GatewayError)) return error;
  if (error.code === 'SERVER_CRASHED') {
    const exit = await Promise.race([endpoint.exited, Promise.resolve(undefined)]);
    return startExitError({ server, exit, stderrTail: endpoint.stderrTail() }, exitedOnProbe(error));
  }
  if (error.code !== 'UPSTREAM_ERROR') return error;
  return new GatewayError('START_FAILED', `Server "${server}" refused to be initialized. ${error.message}`, {
    cause: error,
    hint: 'Check its configuration and credentials.',
    data: error.data,
  });
}
