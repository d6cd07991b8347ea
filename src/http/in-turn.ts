/**
 * Takes up the requests of a connection one after the other. Node hands over what a client sends before it has its answer, too, but
 * never says of such a request that its client went away, and whoever looks at connections sees only the last of several.
 */
import type { RequestListener } from 'node:http';

/** What is left when the connection ends is not taken up any more. */
export function inTurn(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (response.socket) return listener(request, response);
    // Later than the event, in the middle of which the answer cannot be written yet.
    const begin = () => process.nextTick(() => response.destroyed || listener(request, response));
    response.once('socket', begin);
  };
}
