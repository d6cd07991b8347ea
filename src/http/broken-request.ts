/** Answers what is no request, or did not arrive in time, before a route could: shortly, and then the connection is closed. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

const STATUS_OF: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };
/** For the answer to leave before the connection goes. */
const LINGER_MS = 2_000;

/**
 * What is still under way is read and thrown away: closing over it would reset the connection, and the client would
 * never see why.
 */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const body = JSON.stringify({ error: STATUS_CODES[status] });
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  if (!socket.writable) return void socket.destroy();
  socket.once('error', () => socket.destroy());
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  socket.resume().end(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
}
