/** Where the browser brings back the answer of an authorization server: a page on this machine, open for one login (RFC 8252). */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '../../errors.ts';
import { abortable } from '../../stdx/abort.ts';

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
  const answered = new Promise<URLSearchParams>((resolve) => {
    server.on('request', (request, response: ServerResponse) => {
      const answer = answerIn(request.url ?? '', state);
      if (!answer) {
        response.writeHead(404).end('This is not the answer that Tooldex waits for.\n');
        return;
      }
      const failed = answer.has('error');
      response.writeHead(failed ? 400 : 200, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(failed ? 'The login was refused. See the terminal.\n' : 'You can close this page.\n', () =>
        resolve(answer),
      );
    });
  });
  return abortable(answered, signal);
}

/** Any page may ask for anything here, also for what is no address, such as `//`. */
function answerIn(path: string, state: string): URLSearchParams | undefined {
  const at = `http://127.0.0.1${path}`;
  if (!URL.canParse(at)) return undefined;
  const { pathname, searchParams } = new URL(at);
  return pathname === '/callback' && searchParams.get('state') === state ? searchParams : undefined;
}

function cannotListen(port: number, cause: Error): GatewayError {
  return new GatewayError('LISTEN_FAILED', `Port ${port} of 127.0.0.1 cannot be had for the login: ${cause.message}`, {
    hint: 'Choose another `redirect_port` in `oauth`, one that the authorization server knows.',
    cause,
  });
}
