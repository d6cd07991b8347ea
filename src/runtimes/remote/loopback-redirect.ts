/** Where the browser brings back the answer of an authorization server: a page on this machine, open for one login (RFC 8252). */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '../../errors.ts';

export interface LoopbackRedirect extends AsyncDisposable {
  readonly url: URL;
  /** The query of the first request that carries `state`. Anything else is answered 404 and ignored. */
  answer(state: string, signal: AbortSignal): Promise<URLSearchParams>;
}

/** Listens on 127.0.0.1 only. Port 0 takes a free one. */
export async function openLoopbackRedirect(port: number): Promise<LoopbackRedirect> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`);
  return {
    url,
    answer: (state, signal) => firstAnswer(server, state, signal),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function firstAnswer(server: Server, state: string, signal: AbortSignal): Promise<URLSearchParams> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    server.on('request', (request, response: ServerResponse) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
      if (pathname !== '/callback' || searchParams.get('state') !== state) {
        response.writeHead(404).end('This is not the answer that Tooldex waits for.\n');
        return;
      }
      const failed = searchParams.has('error');
      response.writeHead(failed ? 400 : 200, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(failed ? 'The login was refused. See the terminal.\n' : 'You can close this page.\n', () =>
        resolve(searchParams),
      );
    });
  });
}

function cannotListen(port: number, cause: Error): GatewayError {
  return new GatewayError('LISTEN_FAILED', `Port ${port} of 127.0.0.1 cannot be had for the login: ${cause.message}`, {
    hint: 'Choose another `redirect_port` in `oauth`, one that the authorization server knows.',
    cause,
  });
}
