/**
 * Ends what is still being answered to somebody who would not be let in any more, with a key that was revoked or a token that has
 * expired, and the streams of what he may not see any more.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Principal } from '../policy/principal.ts';
import type { Authenticate } from './access.ts';
import { isCall, type UnderWay } from './drain.ts';

export interface WatchGranted {
  /** What is not among the calls. Costs an entry for each connection, not for each request. */
  add(response: ServerResponse): void;
  close(): void;
}

export interface Watched {
  /** Asked the same question as when the request came, so it must not count it as another one. */
  readonly authenticate: Authenticate;
  /** What somebody keeps anyway: noting each of them here, too, would keep it alive until the next one of its connection. */
  readonly calls: () => readonly UnderWay[];
  /** Whether what the request asks for is there for him now. A call is let end that was begun before. */
  readonly isThere: (request: IncomingMessage, principal: Principal) => boolean;
}

/** Between two looks: a stream outlives its credential by no more than this. */
const LOOK_EVERY_MS = 5_000;

export function watchGranted({ authenticate, calls, isThere }: Watched): WatchGranted {
  const open = new Map<Socket, ServerResponse>();
  const isOver = async (request: IncomingMessage): Promise<boolean> => {
    const access = await authenticate(request);
    if (access.kind === 'granted') return !isCall(request) && !isThere(request, access.principal);
    // When nobody can tell now, what was known holds.
    return access.status === 401;
  };
  const endIfOver = async (response: ServerResponse) => {
    const { req: request } = response;
    // Meanwhile a proxy may have sent somebody else's request over the connection.
    if (!response.writableEnded && (await isOver(request)) && !response.writableEnded) request.socket.destroy();
  };
  const look = async () => {
    for (const { response, isGranted } of calls()) if (isGranted) await endIfOver(response);
    for (const [socket, response] of open) {
      if (response.writableEnded || socket.destroyed) open.delete(socket);
      else await endIfOver(response);
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    add: (response) => void open.set(response.req.socket, response),
    close: () => clearInterval(timer),
  };
}
