/** A server that answers calls as a test tells it, and the three ways in which the bridge calls it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { openSession } from '../../src/bridge/open-session.ts';
import type { UpstreamSession } from '../../src/bridge/upstream-session.ts';
import { openRemoteNetwork } from '../../src/runtimes/remote/remote-network.ts';
import { listen } from './listen.ts';

export type Answer = (response: ServerResponse, id: number, request: IncomingMessage) => void;

const JSON_TYPE = { 'content-type': 'application/json' };

export interface Seen {
  readonly method: unknown;
  readonly url: unknown;
  readonly headers: object;
  readonly body: string;
}

/** A server with a session that answers calls as it is told. */
export async function serveCalls(answer: Answer, onMethod: (method: unknown) => void = () => {}) {
  const seen: Seen[] = [];
  const sockets = new Set<unknown>();
  let lastId = 0;
  const url = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (request.method === 'DELETE') return void response.writeHead(200).end();
    const { id = lastId, method } = (body === '' ? {} : JSON.parse(body)) as { id?: number; method?: string };
    const { host: _, ...headers } = request.headersDistinct;
    if (method === 'tools/call') seen.push({ method: request.method, url: request.url, headers, body });
    if (method === 'tools/call') lastId = id;
    if (method === 'tools/call') sockets.add(request.socket);
    onMethod(method);
    if (method === 'tools/call' || headers['last-event-id'] !== undefined) return answer(response, id, request);
    if (request.method === 'GET') return void response.writeHead(405).end();
    if (method?.startsWith('notifications/')) return void response.writeHead(202).end();
    const facts = {
      protocolVersion: '2025-11-25',
      serverInfo: { name: 's', version: '1' },
      capabilities: { tools: {} },
    };
    const known = method === 'initialize' ? { result: facts } : { error: { code: -32601, message: 'no such method' } };
    response
      .writeHead(200, { ...JSON_TYPE, 'mcp-session-id': 'one' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, ...known }));
  });
  return { url, seen, sockets };
}

export type Lane = 'fetch' | 'post' | 'bytes';

export async function openBy(url: URL, lane: Lane, headers: Record<string, string> = {}): Promise<UpstreamSession> {
  const network = await openRemoteNetwork({
    server: 'far',
    url,
    privateHosts: 'all',
    proxy: undefined,
    caFile: undefined,
    connectTimeoutMs: 5_000,
    env: {},
  });
  const { fetch, post } = network;
  const session = await openSession(
    {
      kind: 'remote',
      url,
      transport: 'streamable-http',
      headers: { 'x-own': 'é', accept: 'a/b', ...headers },
      fetch,
      ...(lane === 'fetch' ? {} : { post }),
    },
    {
      server: 'far',
      clientInfo: { name: 'tooldex-test', version: '1.0.0' },
      startTimeoutMs: 20_000,
      eraHint: 'legacy',
    },
  );
  onTestFinished(async () => {
    await session.close('the test is over');
    await network.close();
  });
  return session;
}
