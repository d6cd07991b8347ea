/** One MCP endpoint over HTTP: reads what was posted and gives it to the lane that can answer it. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Json } from '../stdx/json.ts';
import { isTooDeep } from '../stdx/json-depth.ts';
import { CallsInFlight } from './calls-in-flight.ts';
import { SILENCE_MS, SignsOfLife } from './keep-alive.ts';
import { KnownEnvelopes } from './known-envelopes.ts';
import { hasModernHeaders, readModernRequest } from './modern-message.ts';
import { answerPlainly, hasPlainHeaders, type PlainMessage, readPlainMessage } from './plain-lane.ts';
import { readBody } from './read-body.ts';
import { sayRequestId } from './request-id.ts';
import type { Exchange, OfferFor, SdkLane, SdkLaneOptions } from './sdk-lane.ts';

export interface McpEndpoint {
  /** `body` when it was read and parsed already, and is nothing for the plain lane. */
  handle(exchange: Exchange, body?: unknown): Promise<void>;
  close(): Promise<void>;
}

/** The SDK is loaded by the first request that needs it. */
export function createMcpEndpoint(offer: OfferFor, options: SdkLaneOptions): McpEndpoint {
  const inFlight = new CallsInFlight();
  const signs = new SignsOfLife(options.silenceMs ?? SILENCE_MS);
  const envelopes = new KnownEnvelopes();
  let sdk: Promise<SdkLane> | undefined;
  const loadSdk = async () => {
    const { createSdkLane } = await import('./sdk-lane.ts');
    const lane = createSdkLane(offer, options);
    envelopes.judgeBy(lane.classify);
    return lane;
  };
  const viaSdk = async (exchange: Exchange, body?: unknown) => {
    sdk ??= loadSdk();
    await (await sdk).handle(exchange, body);
  };
  const read = (body: unknown, headers: IncomingHttpHeaders): PlainMessage | undefined => {
    if (!hasModernHeaders(headers)) return readPlainMessage(body);
    const request = readModernRequest(body, headers, envelopes);
    return request && { kind: 'request', request };
  };
  const odd = async (exchange: Exchange, body: unknown) =>
    isTooDeep(body) ? refuse(exchange.response, 400, TOO_DEEP) : viaSdk(exchange, body);
  const unusual = async (exchange: Exchange, given: unknown) => {
    const { method } = exchange.request;
    sayRequestId(exchange.response);
    if (given !== undefined) return odd(exchange, given);
    return method === 'POST' ? viaSdk(exchange) : refuseMethod(exchange.response);
  };
  return {
    async handle(exchange, given) {
      const { request, response } = exchange;
      const { headers } = request;
      const hasHeaders = hasPlainHeaders(headers) || hasModernHeaders(headers);
      const isPlain = given === undefined && request.method === 'POST' && hasHeaders;
      if (!isPlain) return unusual(exchange, given);
      const body = await readBody(request, options.bodyBytesMax);
      const message = body.kind === 'json' ? read(body.value, headers) : undefined;
      if (message?.kind !== 'request') sayRequestId(response);
      if (body.kind === 'refused') return refuse(response, body.status, { code: body.code, message: body.message });
      if (!message) return odd(exchange, body.value);
      await answer(message, exchange);
    },
    close: async () => (await sdk)?.close(),
  };

  async function answer(message: PlainMessage, { request, response, principal }: Exchange): Promise<void> {
    const header = request.headers['mcp-session-id'];
    const isModern = message.kind === 'request' && message.request.isModern;
    const session = typeof header === 'string' && !isModern ? header : undefined;
    if (message.kind === 'request') {
      return answerPlainly({
        offer: offer(principal),
        request: message.request,
        response,
        principal,
        inFlight,
        session,
        signs,
      });
    }
    if (message.method === 'notifications/cancelled') inFlight.cancel(session, message.params.requestId);
    response.writeHead(202, { 'content-length': 0 }).end();
  }
}

const TOO_DEEP = { code: -32600, message: 'Invalid Request: nested too deeply' };
/** No streams are kept open for messages of the server's own, and no sessions that would have to be ended. */
function refuseMethod(response: ServerResponse): void {
  response.setHeader('allow', 'POST');
  refuse(response, 405, { code: -32000, message: 'Method not allowed.' });
}

function refuse(response: ServerResponse, status: number, error: { code: number; message: string }): void {
  const body: Json = { jsonrpc: '2.0', error, id: null };
  // Hosts ask for a stream first and use the connection again at once; only a body that was not read has to end it.
  const closing = response.req.method === 'GET' || response.req.complete ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', ...closing }).end(JSON.stringify(body));
}
