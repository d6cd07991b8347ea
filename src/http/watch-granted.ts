/** Ends what is still being answered to somebody who would not be let in any more: with a key that was revoked, a token that has expired. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Authenticate } from './access.ts';

export interface WatchGranted {
  /** Costs an entry for each connection, not for each request. */
  add(request: IncomingMessage, response: ServerResponse): void;
  close(): void;
}

/** Between two looks: a stream outlives its credential by no more than this. */
const LOOK_EVERY_MS = 5_000;

/** `authenticate` is asked the same question as when the request came, so it must not count it as another one. */
export function watchGranted(authenticate: Authenticate): WatchGranted {
  const open = new Map<Socket, { readonly request: IncomingMessage; readonly response: ServerResponse }>();
  const look = async () => {
    for (const [socket, { request, response }] of open) {
      if (response.writableEnded || socket.destroyed) open.delete(socket);
      // Meanwhile a proxy may have sent somebody else's request over the connection.
      else if ((await isOut(authenticate, request)) && !response.writableEnded) socket.destroy();
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    add: (request, response) => void open.set(request.socket, { request, response }),
    close: () => clearInterval(timer),
  };
}

/** When nobody can tell now, what was known holds. */
async function isOut(authenticate: Authenticate, request: IncomingMessage): Promise<boolean> {
  const access = await authenticate(request);
  return access.kind === 'refused' && access.status === 401;
}
