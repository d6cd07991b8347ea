/** A name for each request, by which its lines in log and audit, and its client's report of a fault, are found together. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Plain enough for a line of a log, and long enough for any scheme that proxies use. */
const SOUND = /^[\w.:/+=@-]{1,128}$/;

/** Names the request in its response: as a listed proxy called it, else by a name of our own. What a client says is ignored. */
export function requestNamer(isFromProxy: (request: IncomingMessage) => boolean) {
  const process = randomBytes(6).toString('hex');
  let count = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    const given = request.headers[REQUEST_ID_HEADER];
    const isGiven = typeof given === 'string' && SOUND.test(given) && isFromProxy(request);
    response.setHeader(REQUEST_ID_HEADER, isGiven ? given : `${process}-${(++count).toString(36)}`);
  };
}

/** Undefined where nobody named the request. */
export function requestIdOf(response: ServerResponse): string | undefined {
  const id = response.getHeader(REQUEST_ID_HEADER);
  return typeof id === 'string' ? id : undefined;
}
