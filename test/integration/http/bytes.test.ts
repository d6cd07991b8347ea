/** Plain calls of tools at `/mcp/<server>` pass as bytes: what a server gets and gives is what was written, to the last char. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { ByteListener } from '../../../src/bridge/upstream-session.ts';
import { answerInBytes } from '../../../src/http/byte-lane.ts';
import { CallsInFlight } from '../../../src/http/calls-in-flight.ts';
import { SignsOfLife } from '../../../src/http/keep-alive.ts';
import { KeptRoom } from '../../../src/http/kept-room.ts';
import { RelayHub } from '../../../src/http/relay-hub.ts';
import { RelaySession } from '../../../src/http/relay-session.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import { toByteText } from '../../../src/stdx/json-cursor.ts';
import { journalOf } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { modern, resultOf, serveRelay } from './relay-gateway.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const ODDLY =
  '{ "9":1.0,"1":1e400 ,"big":12345678901234567890,"neg":-0,"text":"\\u00e9é😀\\/\\ud800","unknown":{"z":[ ],"a":null}}';

async function serveSpeller() {
  const served = await serveRelay({ spells: { fixture: 'spells-oddly' } });
  const { url, ...client } = served.client('spells');
  // A server that runs already: then nothing has to be waited for.
  await client.request('tools/call', { name: 'spell', arguments: {} });
  const post = (body: string, headers = {}) =>
    fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
  return { ...client, post };
}

/** The line by which the server was asked, out of its answer. */
function received(text: string): string {
  expect(text, 'a result').toContain('"received":');
  return JSON.parse(text).result.received;
}

it('both ways to the last byte: numbers, escapes, order, unknown members, space', async () => {
  const { post, open } = await serveSpeller();
  const params = `{ "arguments" : ${ODDLY},"name":"spell", "more":[1.50] }`;
  for (const headers of [{}, await open()]) {
    const answer = await post(`{"params":${params},"id":"id-7","method":"tools/call","jsonrpc":"2.0"}`, headers);
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(text).toBe(
      `{"result":{"content":[],"oddly":${ODDLY},"received":${JSON.stringify(received(text))}},"jsonrpc":"2.0","id":"id-7"}`,
    );
    expect(received(text)).toMatch(/^\{"jsonrpc":"2\.0","id":\d+,"method":"tools\/call","params":/);
    expect(received(text).endsWith(`"params":${params}}`)).toBe(true);
  }
});

it('with a progress token, which is the gateway’s own on the other side', async () => {
  const { post, open } = await serveSpeller();
  const call = `{"params":{"_meta":{"progressToken":"mine","a":1.0},"name":"spell","arguments":${ODDLY}},"id":7,"method":"tools/call","jsonrpc":"2.0"}`;
  for (const headers of [{}, await open()]) {
    const text = await (await post(call, headers)).text();
    const { id } = JSON.parse(received(text));
    const passed = `{"_meta":{"a":1.0,"progressToken":${id}},"name":"spell","arguments":${ODDLY}}`;
    expect(received(text).endsWith(`"params":${passed}}`)).toBe(true);
    expect(text).toContain(`"oddly":${ODDLY}`);
  }
});

it('of clients of 2026-07-28, whose envelope stays here and whose results say what they must', async () => {
  const { post, request } = await serveSpeller();
  const { params, headers } = modern('tools/call', { name: 'spell' });
  // The envelope of a client is judged by the SDK once.
  await request('tools/call', params, headers);
  const envelope = JSON.stringify(params._meta).slice(1, -1);
  const given = `{"name":"spell","arguments":${ODDLY},"_meta":{"a":1.0,${envelope}}}`;
  const answer = await post(`{"jsonrpc":"2.0","id":"x","method":"tools/call","params":${given}}`, headers);
  const text = await answer.text();
  expect(received(text).endsWith(`"params":{"_meta":{"a":1.0},"name":"spell","arguments":${ODDLY}}}`)).toBe(true);
  expect(text).toMatch(/^\{"result":\{"resultType":"complete","_meta":\{"io\.modelcontextprotocol\/serverInfo":\{/);
  expect(text).toContain(`"content":[],"oddly":${ODDLY},"received":`);
});

it('of a session that can be asked and has a stream of its own', async () => {
  const { post, open, stream } = await serveSpeller();
  const headers = await open({ roots: {}, elicitation: {} });
  await stream(headers);
  const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"spell","arguments":${ODDLY}}}`;
  await (await post(call, headers)).text();
  const text = await (await post(call, headers)).text();
  expect(received(text).endsWith(`"params":{"name":"spell","arguments":${ODDLY}}}`)).toBe(true);
  expect(text).toContain(`"content":[],"oddly":${ODDLY},"received":`);
});

it('many calls at once, each gets its own answer', async () => {
  const { post } = await serveSpeller();
  const calls = Array.from({ length: 100 }, async (_, id) => {
    const params = { name: 'spell', arguments: { id, filler: 'ü'.repeat(id * 50) } };
    const answer = await post(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
    const text = await answer.text();
    expect(JSON.parse(text).id).toBe(id);
    expect(JSON.parse(received(text)).params).toEqual(params);
  });
  await Promise.all(calls);
});

it('a body over several lines is one message all the same', async () => {
  const { post } = await serveSpeller();
  const smuggled = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"spell"}}';
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'spell', arguments: { smuggled } } };
  const text = await (await post(JSON.stringify(call, undefined, 2).replaceAll('\n', '\r\n'))).text();
  expect(JSON.parse(received(text)).params).toEqual(call.params);
  const inString = await post(JSON.stringify(call).replace('"spell"', '"spell\n"'));
  expect([inString.status, await inString.json()]).toMatchObject([400, { error: { code: -32700 } }]);
});

it('bytes that are no UTF-8 arrive as they would in a parsed message', async () => {
  const { client } = await serveRelay({ spells: { fixture: 'spells-oddly' } });
  const { url, request } = client('spells');
  await request('tools/call', { name: 'spell' });
  const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"spell","arguments":{"a":"\u00ff"}}}';
  const answer = await fetch(url, { method: 'POST', headers: HEADERS, body: Buffer.from(call, 'latin1') });
  expect(JSON.parse(received(await answer.text())).params.arguments).toEqual({ a: '\ufffd' });
});

it('#30 a call that a killed server has not read goes to a fresh one, and no call is made twice', async () => {
  const journal = `${tempDir()}/journal`;
  const served = await serveRelay({ s: { fixture: 'well-behaved', args: ['--journal', journal] } });
  const { request } = served.client('s');
  const pid = async () => {
    const { content } = resultOf(await request('tools/call', { name: 'pid', arguments: {} })) as {
      content: { text: string }[];
    };
    return Number(content[0]?.text);
  };
  const pids = new Set([await pid()]);
  for (let round = 1; round <= 20; round++) {
    process.kill([...pids].at(-1) ?? 0, 'SIGKILL');
    pids.add(await pid());
  }
  expect(pids.size).toBe(21);
  const calls = journalOf(journal, 'received').filter(({ method }) => method === 'tools/call');
  expect(calls).toHaveLength(21);
});

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const PLAIN = { isToolError: false, hasType: false, metaAt: 0, hasServerInfo: false, isOddlyStructured: false };

/** The lane alone, behind a server of Node, with calls that the test answers. */
async function openLane({ silenceMs }: { silenceMs: number }) {
  const [inFlight, signs] = [new CallsInFlight(), new SignsOfLife(silenceMs)];
  const begun = deferred<ByteListener>();
  const givenUp = deferred<string>();
  const server = createServer((_request, response) => {
    const params = { text: '{"name":"slow"}', meta: '' };
    const call = { id: 1, idText: '1', tool: 'slow', params, progressToken: undefined, envelope: '' };
    const session = new RelaySession({ id: 's', principal: LOCAL, capabilities: {}, room: new KeptRoom() });
    const pass = ({ listener }: { listener: ByteListener }) => {
      begun.resolve(listener);
      return (reason: Error) => {
        givenUp.resolve(reason.message);
        listener.failed(reason);
      };
    };
    const nobody = { hub: new RelayHub(() => 0), isLean: true, modern: undefined };
    answerInBytes({ call, pass, response, principal: LOCAL, session, inFlight, signs, ...nobody });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, inFlight, listener: begun.promise, givenUp: givenUp.promise };
}

it('#47 a call that is silent for long becomes a stream that says so, and then has the same answer', async () => {
  const { url, listener } = await openLane({ silenceMs: 5 });
  const answer = await fetch(url);
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  (await listener).bytes({ ...PLAIN, result: toByteText('{"text":"é"}') });
  const text = await answer.text();
  expect(text).toMatch(/^(: keep-alive\n\n)+id: 1-1\nevent: message\n/);
  expect(text.endsWith('data: {"result":{"text":"é"},"jsonrpc":"2.0","id":1}\n\n')).toBe(true);
});

it('#45 a cancelled call is given up, and answered with why', async () => {
  const { url, inFlight, listener, givenUp } = await openLane({ silenceMs: 10_000 });
  const answer = fetch(url);
  await listener;
  inFlight.cancel('somebody else', 1);
  inFlight.cancel('s', 1);
  expect(await givenUp).toBe('the client cancelled the request');
  expect(await (await answer).json()).toMatchObject({
    id: 1,
    error: { message: expect.stringContaining('cancelled') },
  });
});

it('#45 a call whose client goes away is given up', async () => {
  const { url, listener, givenUp } = await openLane({ silenceMs: 10_000 });
  const gone = new AbortController();
  const answer = fetch(url, { signal: gone.signal }).catch((error: Error) => error.name);
  await listener;
  gone.abort();
  expect(await givenUp).toBe('the client closed the connection');
  expect(await answer).toBe('AbortError');
});
