/** Writes what is known to be JSON already, as the answer to a request that was posted. */
import type { ServerResponse } from 'node:http';
import type { ByteText } from '../stdx/json-cursor.ts';
import { EVENT_STREAM_HEADERS } from './keep-alive.ts';
import { REQUEST_ID_HEADER, requestIdOf, withRequestId } from './request-id.ts';
import { writeUnlessUnread } from './unread.ts';

/** Before the answer: turns it into an event stream, which intermediaries are asked not to hold back. */
export function writeEvent(response: ServerResponse, message: ByteText): void {
  if (response.writableEnded || response.destroyed) return;
  if (!response.headersSent) response.writeHead(200, withRequestId(response, EVENT_STREAM_HEADERS));
  writeUnlessUnread(response, `event: message\ndata: ${message}\n\n`, { encoding: 'latin1' });
}

/** The answer itself, as the last event where it has become a stream. */
export function reply(response: ServerResponse, body: ByteText, status = 200): void {
  if (response.headersSent) {
    writeEvent(response, body);
    response.end();
  } else sendJson(response, body, status);
}

function sendJson(response: ServerResponse, body: ByteText, status: number): void {
  const headers = ['content-type', 'application/json', 'content-length', body.length];
  const id = requestIdOf(response);
  if (id !== undefined) headers.push(REQUEST_ID_HEADER, id);
  // As one string, so that head and body are one write.
  response.writeHead(status, headers).end(body, 'latin1');
}
