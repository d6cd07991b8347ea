/** Lets calls that are under way end before the door is shut: whoever deploys a new version breaks nobody's call. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Chain, Link } from '../stdx/chain.ts';

export interface Drain {
  /** To be told of each request. Gives what stands for it until it is answered; nothing for streams, which nobody waits for. */
  begun(request: IncomingMessage, response: ServerResponse): UnderWay | undefined;
  /** What is not answered yet, but for streams. */
  underWay(): readonly UnderWay[];
  /** Ends sooner when nothing is under way any more. Nothing new is accepted from the moment it is called. */
  end(graceMs: number): Promise<void>;
}

/** A request that is being answered. */
export class UnderWay extends Link {
  readonly response: ServerResponse;
  /** Whoever asks has been let in. */
  isGranted = false;

  constructor(response: ServerResponse) {
    super();
    this.response = response;
  }
}

export function createDrain(server: Server): Drain {
  const underWay = new Chain<UnderWay>();
  let onEmpty = () => {};
  const begun = (request: IncomingMessage, response: ServerResponse) => {
    if (!isCall(request)) return undefined;
    const call = new UnderWay(response);
    underWay.add(call);
    response.on('close', () => {
      underWay.remove(call);
      if (underWay.size === 0) onEmpty();
    });
    return call;
  };
  const end = async (graceMs: number) => {
    server.close();
    server.closeIdleConnections();
    for (const { response } of underWay.all()) response.shouldKeepAlive = false;
    if (underWay.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      onEmpty = resolve;
      timer = setTimeout(resolve, graceMs);
    });
    clearTimeout(timer);
  };
  return { begun, underWay: () => underWay.all(), end };
}

/** Streams that wait for news end with the door; nobody is told anything by letting them wait. */
export const isCall = ({ method, headers }: IncomingMessage) =>
  method === 'POST' && headers['mcp-method'] !== 'subscriptions/listen';
