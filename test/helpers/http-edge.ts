/** A proxy as the Internet has them in front: it ends TLS, names itself in headers, and cuts what is silent for too long. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface EdgeOptions {
  /** Port of loopback that it sends everything to. */
  readonly to: number;
  /** Without a byte of the answer for so long, it answers 524 or cuts the stream. */
  readonly idleMs: number;
  /** Sent upstream in place of what the client sent, such as `host`. */
  readonly headers?: Readonly<Record<string, string>>;
}

const GRACE_MS = 250;

/** Resolves with its port of loopback; closed when the test ends. */
export async function startEdge({ to, idleMs, headers = {} }: EdgeOptions): Promise<number> {
  const server = createServer((request, response) => forward(request, response, { to, idleMs, headers }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close(() => undefined).closeAllConnections());
  return (server.address() as AddressInfo).port;
}

function forward(request: IncomingMessage, response: ServerResponse, edge: Required<EdgeOptions>): void {
  const { method, url: path } = request;
  const headers = { ...request.headers, ...edge.headers };
  const upstream = httpRequest({ host: '127.0.0.1', port: edge.to, method, path, headers });
  const cut = () => {
    upstream.destroy();
    if (response.headersSent) response.destroy();
    else response.writeHead(524).end('a timeout occurred');
  };
  // What came while this process itself did not run is read first: an edge on a machine of its own would have seen it.
  const overdue = () => {
    timer = setTimeout(cut, GRACE_MS);
  };
  let timer = setTimeout(overdue, edge.idleMs);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(overdue, edge.idleMs);
  };
  upstream.on('response', (answer) => {
    alive();
    response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
    answer.on('data', alive).pipe(response);
    answer.on('close', () => clearTimeout(timer));
  });
  upstream.on('error', () => {
    clearTimeout(timer);
    if (!response.headersSent) response.writeHead(502).end();
  });
  response.on('close', () => {
    clearTimeout(timer);
    upstream.destroy();
  });
  request.pipe(upstream);
}
