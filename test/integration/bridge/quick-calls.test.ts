/** Calls that are posted by themselves against those that go through the SDK's transport: every answer must come to the same. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ByteListener, CallOptions, UpstreamSession } from '../../../src/bridge/upstream-session.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { type Answer, type Lane, openBy, serveCalls } from '../../helpers/called-server.ts';
import { failure } from '../../helpers/failure.ts';

const RESULT = { content: [{ type: 'text', text: 'é😀 "quoted"\u2028' }], structuredContent: { n: 1.5 } };
const answerTo = (id: unknown, result: object = RESULT) => ({ jsonrpc: '2.0', id, result });
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { 'content-type': 'text/event-stream' };
const NOTE = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } };

const asJson =
  (text: (id: number) => string, headers: Record<string, string> = JSON_TYPE): Answer =>
  (response, id) =>
    void response.writeHead(200, headers).end(text(id));

const asEvents =
  (...chunks: ((id: number) => string)[]): Answer =>
  (response, id) => {
    response.writeHead(200, EVENTS);
    for (const chunk of chunks) response.write(chunk(id));
    response.end();
  };

const event = (message: object) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
const plain = (id: number) => JSON.stringify(answerTo(id));

const ANSWERS: [string, Answer][] = [
  ['JSON', asJson(plain)],
  ['JSON over lines', asJson((id) => JSON.stringify(answerTo(id), undefined, 2))],
  ['JSON with a charset', asJson(plain, { 'content-type': 'Application/JSON; charset=utf-8' })],
  ['JSON with a byte order mark', asJson((id) => `\ufeff${plain(id)}`)],
  ['JSON in a list', asJson((id) => `[${plain(id)}]`)],
  ['JSON with a member of its own', asJson((id) => JSON.stringify({ ...answerTo(id), own: 1 }))],
  ['JSON of a tool error', asJson((id) => JSON.stringify(answerTo(id, { content: [], isError: true })))],
  ['JSON with _meta', asJson((id) => JSON.stringify(answerTo(id, { ...RESULT, _meta: { own: [1] } })))],
  ['JSON of a wish for input', asJson((id) => JSON.stringify(answerTo(id, { resultType: 'input_required' })))],
  ['JSON with a result that is no object', asJson((id) => `{"jsonrpc":"2.0","id":${id},"result":[1]}`)],
  [
    'an error',
    asJson((id) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message: 'no', data: [1] } })),
  ],
  ['half of it', asJson((id) => plain(id).slice(0, -3))],
  ['nothing', asJson(() => '')],
  ['a page', asJson(() => '<html></html>', { 'content-type': 'text/html' })],
  ['another type', asJson(plain, { 'content-type': 'text/plain' })],
  ['no type', asJson(plain, {})],
  [
    'compressed JSON',
    (response, id) =>
      void response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(plain(id))),
  ],
  [
    'compressed events',
    (response, id) =>
      void response.writeHead(200, { ...EVENTS, 'content-encoding': 'gzip' }).end(gzipSync(event(answerTo(id)))),
  ],
  ...[5, 6].map((times): [string, Answer] => [
    `JSON compressed ${times} times`,
    (response, id) => {
      const encoding = Array.from({ length: times }, () => 'gzip').join(', ');
      const packed = Array.from({ length: times }).reduce<Buffer>((bytes) => gzipSync(bytes), Buffer.from(plain(id)));
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding }).end(packed);
    },
  ]),
  [
    'JSON byte by byte',
    (response, id) => {
      response.writeHead(200, JSON_TYPE);
      for (const byte of Buffer.from(plain(id))) response.write(Buffer.of(byte));
      response.end();
    },
  ],
  ['an event', asEvents((id) => event(answerTo(id)))],
  [
    'an event byte by byte',
    (response, id) => {
      response.writeHead(200, EVENTS);
      for (const byte of Buffer.from(event(answerTo(id)))) response.write(Buffer.of(byte));
      response.end();
    },
  ],
  ['an event without a type', asEvents((id) => `data:${plain(id)}\n\n`)],
  ['an event with other line ends', asEvents((id) => event(answerTo(id)).replaceAll('\n', '\r\n'))],
  ['an event with line ends of old', asEvents((id) => event(answerTo(id)).replaceAll('\n', '\r'))],
  [
    'an event behind an empty one',
    asEvents(
      () => 'id: 1\nretry: 5\ndata: \n\n',
      (id) => event(answerTo(id)),
    ),
  ],
  [
    'an event behind comments',
    asEvents(
      () => ': alive\n\n',
      (id) => `:\n${event(answerTo(id))}`,
    ),
  ],
  ['an event over two lines', asEvents((id) => `data: {"jsonrpc":"2.0",\ndata: "id":${id},"result":{}}\n\n`)],
  ['an event of another type, then the answer', asEvents((id) => `event: own\ndata: {}\n\n${event(answerTo(id))}`)],
  [
    'a notification, then the answer',
    asEvents(
      () => event(NOTE),
      (id) => event(answerTo(id)),
    ),
  ],
  ['the answer, then a notification', asEvents((id) => event(answerTo(id)) + event(NOTE))],
  ['an error as an event', asEvents((id) => event({ jsonrpc: '2.0', id, error: { code: 1, message: 'no' } }))],
  ['an event that does not end', asEvents((id) => event(answerTo(id)).trimEnd())],
  ['events without the answer', asEvents(() => event(NOTE))],
  ['no events', asEvents()],
  [
    'a stream that breaks off, and goes on elsewhere',
    (response, id, request) => {
      response.writeHead(200, EVENTS);
      if (request.headers['last-event-id'] !== undefined) return void response.end(event(answerTo(id)));
      response.write('id: 7\nretry: 1\ndata: \n\n', () => setImmediate(() => response.destroy()));
    },
  ],
  [
    'JSON that breaks off',
    (response, id) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
      response.write(plain(id), () => setImmediate(() => response.destroy()));
    },
  ],
  ['no answer at all', (response) => void response.destroy()],
  ['accepted', (response) => void response.writeHead(202).end()],
  ['no content', (response) => void response.writeHead(204).end()],
  ['another success', (response, id) => void response.writeHead(201, JSON_TYPE).end(plain(id))],
  ...[400, 401, 403, 404, 405, 429, 500, 503].map((status): [string, Answer] => [
    `HTTP ${status}`,
    (response) => void response.writeHead(status, { 'retry-after': '1' }).end('because'),
  ]),
  [
    'HTTP 400 with an error',
    (response, id) => {
      const error = { jsonrpc: '2.0', id, error: { code: -32600, message: 'no' } };
      response.writeHead(400, JSON_TYPE).end(JSON.stringify(error));
    },
  ],
  [
    'the address of another path',
    (response, id, request) => {
      if (request.url !== '/mcp') return void response.writeHead(200, JSON_TYPE).end(plain(id));
      response.writeHead(307, { location: '/other' }).end();
    },
  ],
  ['the address of a page', (response) => void response.writeHead(302, { location: '/other' }).end()],
];

const PARAMS = { name: 'say', arguments: { text: 'ümlaut 😀', n: [1, 2.5, null] } };
/** A call that nobody answers is over soon. */
const TIMES = { timeoutMs: 5_000 };

function ask(session: UpstreamSession, lane: Lane, options: CallOptions = TIMES): Promise<JsonObject> {
  if (lane !== 'bytes') return session.request('tools/call', PARAMS, options);
  return new Promise((value, failed) => {
    const bytes: ByteListener['bytes'] = ({ result }) => value(JSON.parse(Buffer.from(result, 'latin1').toString()));
    const params = { text: Buffer.from(JSON.stringify(PARAMS)).toString('latin1'), meta: '' };
    const giveUp = session.pass?.('tools/call', params, { ...options, listener: { bytes, value, failed } });
    options.signal?.addEventListener('abort', () => giveUp?.(options.signal?.reason));
  });
}

async function outcome(answer: Answer, lane: Lane, headers: Record<string, string> = {}) {
  const { url, seen } = await serveCalls(answer);
  const session = await openBy(url, lane, headers);
  const told: unknown[] = [];
  session.onNotification((method, params) => told.push({ method, params }));
  const results: unknown[] = [];
  // Twice, for the connection should be of use afterwards.
  for (let time = 0; time < 2; time++) {
    const failed = ({ code, message, hint, data }: JsonObject & Error) => ({ code, message, hint, data });
    results.push(await ask(session, lane).catch(failed));
  }
  return JSON.parse(JSON.stringify({ results, told, seen }).replaceAll(url.port, 'PORT')) as unknown;
}

describe('a call to a remote server', () => {
  it.each(ANSWERS)('comes to the same whichever way it goes when the server answers %s', async (_, answer) => {
    const [viaFetch, viaPost, viaBytes] = await Promise.all([
      outcome(answer, 'fetch'),
      outcome(answer, 'post'),
      outcome(answer, 'bytes'),
    ]);
    expect(viaPost).toEqual(viaFetch);
    expect(viaBytes).toEqual(viaFetch);
  });

  it.each(['User-Agent', 'Accept-Language', 'Accept-Encoding', 'Sec-Fetch-Mode', 'Content-Type', 'Authorization'])(
    'has a header %s that the configuration gives, once, whichever way it goes',
    async (name) => {
      const [viaFetch, viaPost] = await Promise.all(
        (['fetch', 'post'] as const).map((lane) => outcome(asJson(plain), lane, { [name]: 'own' })),
      );
      expect(viaPost).toEqual(viaFetch);
    },
  );

  it.each(['fetch', 'post', 'bytes'] as const)('#45 is given up there, too, by way of %s', async (lane) => {
    const { promise: hungUp, resolve: hangUp } = withResolvers();
    const { promise: arrived, resolve: arrive } = withResolvers();
    const { promise: told, resolve: tell } = withResolvers();
    const { url } = await serveCalls(
      (response) => {
        response.on('close', hangUp);
        arrive();
      },
      (method) => method === 'notifications/cancelled' && tell(),
    );
    const session = await openBy(url, lane);
    const abort = new AbortController();
    const failed = failure(ask(session, lane, { timeoutMs: 20_000, signal: abort.signal }));
    await arrived;
    abort.abort();
    expect((await failed).code).toBe('CALL_CANCELLED');
    await Promise.all([hungUp, told]);
  });

  it('that is posted goes over connections that are kept', async () => {
    const { url, sockets } = await serveCalls(asJson(plain));
    const session = await openBy(url, 'post');
    for (let time = 0; time < 20; time++) await ask(session, 'post');
    expect(sockets.size).toBeLessThan(5);
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
