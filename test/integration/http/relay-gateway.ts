/** A gateway over fixture servers with its HTTP door open, and a client of it that sees bytes and streams. */
import { onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { serveWithAccess } from '../access/serve-access.ts';
import type { TestServer } from '../gateway/open-gateway.ts';

export const CONFORMS: TestServer = { fixture: 'conforms' };
export const CONFORMS_MODERN: TestServer = { fixture: 'conforms', args: ['--era', 'modern'] };

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly session: string;
  readonly text: string;
  /** Of a stream all of them, the result last; without a stream the one. */
  readonly messages: JsonObject[];
  readonly ids: string[];
}

export interface Stream {
  readonly status: number;
  /** The next event of any kind, as it stands. */
  nextFrame(): Promise<{ readonly text: string }>;
  /** The next message that has come or will come. */
  next(): Promise<{ readonly message: JsonObject; readonly id: string }>;
  close(): void;
}

export interface RelayClient {
  readonly url: string;
  post(body: unknown, headers?: Record<string, string>): Promise<Answer>;
  request(method: string, params?: JsonObject, headers?: Record<string, string>): Promise<Answer>;
  /** Opens a session as a client with these capabilities; its headers. */
  open(capabilities?: JsonObject, headers?: Record<string, string>): Promise<Record<string, string>>;
  /** `below` is a path below that of the server. */
  stream(headers: Record<string, string>, init?: RequestInit, below?: string): Promise<Stream>;
}

export type ServedRelay = Awaited<ReturnType<typeof serveRelay>>;

export async function serveRelay(servers: Readonly<Record<string, TestServer>>, keys: JsonObject = {}) {
  const served = await serveWithAccess(servers, keys);
  return { ...served, client: (server: string) => relayClient(`http://127.0.0.1:${served.port}/mcp/${server}`) };
}

function relayClient(url: string): RelayClient {
  let lastId = 0;
  const post: RelayClient['post'] = async (body, headers = {}) =>
    read(await fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) }));
  const request: RelayClient['request'] = (method, params = {}, headers = {}) =>
    post({ jsonrpc: '2.0', id: ++lastId, method, params }, headers);
  const open: RelayClient['open'] = async (capabilities = {}, headers = {}) => {
    const clientInfo = { name: 'tests', version: '1' };
    const { session } = await request(
      'initialize',
      { protocolVersion: '2025-11-25', capabilities, clientInfo },
      headers,
    );
    return { ...headers, 'mcp-session-id': session };
  };
  return {
    url,
    post,
    request,
    open,
    stream: (headers, init, below = '') => openStream(`${url}${below}`, headers, init),
  };
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  const isStream = type === 'text/event-stream';
  const found = isStream ? [...text.matchAll(/^data: (.+)$/gm)].map((match) => match[1] ?? '') : [text];
  return {
    status: response.status,
    type,
    session: response.headers.get('mcp-session-id') ?? '',
    text,
    messages: found.filter((each) => each !== '').map((each) => JSON.parse(each) as JsonObject),
    ids: [...text.matchAll(/^id: (.+)$/gm)].map((match) => match[1] ?? ''),
  };
}

/** A GET, or a POST with `init`, that is read event by event. */
async function openStream(url: string, headers: Record<string, string>, init: RequestInit = {}): Promise<Stream> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const all = { ...HEADERS, ...headers };
  const response = await fetch(url, { ...init, headers: all, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  const nextFrame: Stream['nextFrame'] = async () => {
    for (let end = rest.indexOf('\n\n'); ; end = rest.indexOf('\n\n')) {
      if (end !== -1) {
        const text = rest.slice(0, end);
        rest = rest.slice(end + 2);
        return { text };
      }
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done || value === undefined) throw new Error(`the stream ended: ${rest}`);
      rest += value;
    }
  };
  const next: Stream['next'] = async () => {
    for (;;) {
      const { text } = await nextFrame();
      const data = /^data: (.+)$/m.exec(text)?.[1];
      if (data !== undefined) return { message: JSON.parse(data), id: /^id: (.+)$/m.exec(text)?.[1] ?? '' };
    }
  };
  return { status: response.status, nextFrame, next, close: () => abort.abort() };
}

const KEY = 'io.modelcontextprotocol/';

/** What a client of 2026-07-28 sends with a request. */
export function modern(method: string, params: JsonObject = {}, capabilities: JsonObject = {}) {
  const _meta = {
    [`${KEY}protocolVersion`]: '2026-07-28',
    [`${KEY}clientInfo`]: { name: 'tests', version: '1' },
    [`${KEY}clientCapabilities`]: capabilities,
    ...(params._meta as JsonObject | undefined),
  };
  const name = params.name ?? params.uri;
  const headers: Record<string, string> = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  };
  return { params: { ...params, _meta }, headers };
}

export async function askModern(
  client: RelayClient,
  method: string,
  { params = {}, capabilities = {} }: { readonly params?: JsonObject; readonly capabilities?: JsonObject } = {},
): Promise<Answer> {
  const { params: given, headers } = modern(method, params, capabilities);
  return client.request(method, given, headers);
}

/** The result of an answer, which must be one. */
export function resultOf({ messages, text }: Answer): JsonObject {
  const result = messages.at(-1)?.result;
  if (typeof result !== 'object' || result === null || Array.isArray(result)) throw new Error(`no result: ${text}`);
  return result;
}
