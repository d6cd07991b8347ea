/** Lets calls that are under way end before the door is shut: whoever deploys a new version breaks nobody's call. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Ends sooner when nothing is under way any more. Nothing new is accepted from the moment it is called. */
export type Drain = (graceMs: number) => Promise<void>;

/** Without its response once that is written, so that no table which the set has outgrown keeps whole requests. */
interface UnderWay {
  response: ServerResponse | undefined;
}

/** Watches the server from now on. */
export function watchForDrain(server: Server): Drain {
  const underWay = new Set<UnderWay>();
  let onEmpty = () => {};
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isCall(request)) return;
    const call: UnderWay = { response };
    underWay.add(call);
    response.on('close', () => {
      underWay.delete(call);
      call.response = undefined;
      if (underWay.size === 0) onEmpty();
    });
  });
  return async (graceMs) => {
    server.close();
    server.closeIdleConnections();
    for (const { response } of underWay) if (response) response.shouldKeepAlive = false;
    if (underWay.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      onEmpty = resolve;
      timer = setTimeout(resolve, graceMs);
    });
    clearTimeout(timer);
  };
}

/** Streams that wait for news end with the door; nobody is told anything by letting them wait. */
const isCall = ({ method, headers }: IncomingMessage) =>
  method === 'POST' && headers['mcp-method'] !== 'subscriptions/listen';
