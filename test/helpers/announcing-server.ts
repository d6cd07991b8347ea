/** A remote server of 2026-07-28 whose streams of announcements are a test's to speak on and to cut. */
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { JsonObject } from '../../src/stdx/json.ts';

const DISCOVERED: JsonObject = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
};

async function read(request: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}

export interface AnnouncingStream {
  readonly response: ServerResponse;
  say(method: string, params: JsonObject): void;
  /** Promises what was asked for. */
  acknowledge(): void;
  /** As a proxy does it that has had enough. */
  cut(): Promise<void>;
}

/** Gives the stream of each who listens for what `of` names. */
export function announcingServer(of: string, streams: AnnouncingStream[]): RequestListener {
  return async (request, response) => {
    const { id = null, method, params } = await read(request);
    if (method === 'subscriptions/listen') {
      const { notifications = {} } = params as JsonObject;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      if (of in (notifications as JsonObject)) streams.push(streamOn(response, notifications as JsonObject));
    } else {
      const result = method === 'server/discover' ? DISCOVERED : { resultType: 'complete', tools: [] };
      response.writeHead(id === null ? 202 : 200, { 'content-type': 'application/json' });
      response.end(id === null ? '' : JSON.stringify({ jsonrpc: '2.0', id, result }));
    }
  };
}

function streamOn(response: ServerResponse, notifications: JsonObject): AnnouncingStream {
  const say: AnnouncingStream['say'] = (method, params) =>
    void response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method, params })}\n\n`);
  return {
    response,
    say,
    acknowledge: () => say('notifications/subscriptions/acknowledged', { notifications }),
    async cut() {
      response.destroy();
      await once(response, 'close');
    },
  };
}
