/** A name for each request, by which its lines in log and audit, and its client's report of a fault, are found together. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';

/** Plain enough for a line of a log, and long enough for any scheme that proxies use. */
const SOUND = /^[\w.:/+=@-]{1,128}$/;

const NAME = Symbol('request id');

interface Named extends ServerResponse {
  [NAME]?: string;
}

/** Names the request, for its answer to say: as a listed proxy called it, else by a name of our own. What a client says is ignored. */
export function requestNamer(isFromProxy: (request: IncomingMessage) => boolean) {
  const process = randomBytes(6).toString('hex');
  let count = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    const given = request.headers[REQUEST_ID_HEADER];
    const isGiven = typeof given === 'string' && SOUND.test(given) && isFromProxy(request);
    (response as Named)[NAME] = isGiven ? given : `${process}-${(++count).toString(36)}`;
  };
}

/** Undefined where nobody named the request. */
export function requestIdOf(response: ServerResponse): string | undefined {
  return (response as Named)[NAME];
}

/** For whoever leaves the answer to others. */
export function sayRequestId(response: ServerResponse): void {
  const id = requestIdOf(response);
  if (id !== undefined && !response.headersSent) response.setHeader(REQUEST_ID_HEADER, id);
}

/** For whoever writes all headers at once, which costs an answer much less than setting one before. */
export function withRequestId(response: ServerResponse, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const id = requestIdOf(response);
  return id === undefined ? headers : { ...headers, [REQUEST_ID_HEADER]: id };
}
