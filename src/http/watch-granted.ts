/** Ends what is still being answered to somebody who would not be let in any more: with a key that was revoked, a token that has expired. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Authenticate } from './access.ts';
import type { UnderWay } from './drain.ts';

export interface WatchGranted {
  /** What is not among the calls. Costs an entry for each connection, not for each request. */
  add(response: ServerResponse): void;
  close(): void;
}

/** Between two looks: a stream outlives its credential by no more than this. */
const LOOK_EVERY_MS = 5_000;

/**
 * `authenticate` is asked the same question as when the request came, so it must not count it as another one. `calls` are those that
 * somebody keeps anyway: noting each of them here, too, would keep it alive until the next one of its connection.
 */
export function watchGranted(authenticate: Authenticate, calls: () => readonly UnderWay[]): WatchGranted {
  const open = new Map<Socket, ServerResponse>();
  const look = async () => {
    for (const { response, isGranted } of calls()) if (isGranted) await endIfOut(authenticate, response);
    for (const [socket, response] of open) {
      if (response.writableEnded || socket.destroyed) open.delete(socket);
      else await endIfOut(authenticate, response);
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    add: (response) => void open.set(response.req.socket, response),
    close: () => clearInterval(timer),
  };
}

async function endIfOut(authenticate: Authenticate, response: ServerResponse): Promise<void> {
  const { req: request } = response;
  // Meanwhile a proxy may have sent somebody else's request over the connection.
  if (!response.writableEnded && (await isOut(authenticate, request)) && !response.writableEnded)
    request.socket.destroy();
}

/** When nobody can tell now, what was known holds. */
async function isOut(authenticate: Authenticate, request: IncomingMessage): Promise<boolean> {
  const access = await authenticate(request);
  return access.kind === 'refused' && access.status === 401;
}
