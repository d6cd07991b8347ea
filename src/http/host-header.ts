/** A request with two `Host` headers may be meant for one name by whoever stands before us, and for the other by us. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './relay-reply.ts';

/** Without an object for each request: this is asked for every call. */
export function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isHost(rawHeaders[at])) hosts++;
  return hosts > 1;
}

const isHost = (name: string | undefined) => name?.length === 4 && name.toLowerCase() === 'host';

/** RFC 9112, section 3.2. Nothing more is read of the connection. */
export function refuseTwoHosts(response: ServerResponse): void {
  response.setHeader('connection', 'close');
  sendJson(response, 400, { error: 'a request has one Host header, not two' });
}
