/** Bodies come as they are: nobody compresses messages this small, and what unpacks to more than it is has to be bounded twice. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorMessage } from './relay-reply.ts';
import { withRequestId } from './request-id.ts';

/** True for a request that was answered, because its body is encoded (RFC 9110, section 15.5.16). */
export function refusesEncoding(request: IncomingMessage, response: ServerResponse): boolean {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (/^\s*identity\s*$/i.test(encoding)) return false;
  const message = `Unsupported Media Type: Content-Encoding ${encoding}; send the body without one`;
  const headers = { 'content-type': 'application/json', 'accept-encoding': 'identity', connection: 'close' };
  const body = JSON.stringify(errorMessage(null, { code: -32000, message }));
  response.writeHead(415, withRequestId(response, headers)).end(body);
  return true;
}
