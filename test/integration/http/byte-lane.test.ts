/** The byte lane against the parsing one, over the wire: a line feed in front of a message makes it be parsed, and must change nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, type JsonObject } from '../../../src/stdx/json.ts';
import { askModern, modern, resultOf, serveRelay } from './relay-gateway.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

interface Eras {
  readonly server?: 'modern' | undefined;
  /** Headers of each request. */
  readonly headers?: Record<string, string>;
  /** What a client declares that has a session, with a stream. */
  readonly session?: JsonObject;
}

async function serveAnything(keys: JsonObject = {}, { server, headers: given = {}, session }: Eras = {}) {
  const args = server ? ['--era', server] : [];
  const served = await serveRelay({ any: { fixture: 'says-anything', keys, args } });
  const client = served.client('any');
  const { url, request } = client;
  const inSession = session ? await client.open(session) : {};
  if (session) await client.stream(inSession);
  const headers = { ...HEADERS, ...given, ...inSession };
  // A server that runs already: then nothing has to be waited for.
  const heard = async () =>
    resultOf(await request('tools/call', { name: 'heard', arguments: {} }, inSession)).lines as string[];
  await heard();
  // The envelope of a client is judged by the SDK once; and what there is to know of a server by heart stands in the catalog.
  await askModern(client, 'tools/list');
  const post = async (body: string | Buffer) => {
    const answer = await fetch(url, { method: 'POST', headers, body });
    return { status: answer.status, type: answer.headers.get('content-type'), text: readable(await answer.text()) };
  };
  /** The answer, and what the server got for it, but for the ids that are the gateway's own. */
  const lane = async (body: string | Buffer) => {
    const answer = await post(body);
    const got = (await heard()).map((line) => JSON.parse(line)).filter(isPassed);
    return { ...answer, got: got.map(withoutOwn) };
  };
  const bothLanes = async (body: string | Buffer) => {
    const bytes = Buffer.from(body);
    return { passed: await lane(bytes), parsed: await lane(Buffer.concat([Buffer.from('\n'), bytes])) };
  };
  return { bothLanes };
}

/** The order of members is the writer's own, and so are the ids of events. */
function readable(text: string): unknown {
  const events = [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => readable(data ?? ''));
  if (events.length > 0) return events;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What the gateway itself wants to know is no part of a call. */
const isPassed = (message: unknown) => !isObject(message) || message.method !== 'tools/list';

/** Ids and progress tokens are the gateway's. */
function withoutOwn(message: unknown): unknown {
  if (!isObject(message)) return message;
  const { id, ...rest } = message;
  return JSON.parse(JSON.stringify(rest).replaceAll(`"progressToken":${id}`, '"progressToken":"own"'));
}

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{"lines":[]}}}';
const withParams = (params: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
const withId = (id: string) => CALL.replace('"id":1', `"id":${id}`);
const withArguments = (given: string) => withParams(`{"name":"say","arguments":${given}}`);

const CALLS: [string, string][] = [
  ['plain', CALL],
  ['id 0', withId('0')],
  ['id -1', withId('-1')],
  ['id -0', withId('-0')],
  ['id ""', withId('""')],
  ['id of 15 digits', withId('999999999999999')],
  ['id of 16 digits', withId('9007199254740993')],
  ['id of 30 digits', withId('123456789012345678901234567890')],
  ['id 1.0', withId('1.0')],
  ['id 1.5', withId('1.5')],
  ['id 1e2', withId('1e2')],
  ['id 1e999', withId('1e999')],
  ['id with unicode', withId('"é😀"')],
  ['id with an escape', withId('"\\u0041"')],
  ['id with a lone surrogate', withId('"\\ud800"')],
  ['id null', withId('null')],
  ['id true', withId('true')],
  ['id an object', withId('{}')],
  ['id 01', withId('01')],
  ['no id', CALL.replace('"id":1,', '')],
  ['no params', '{"jsonrpc":"2.0","id":1,"method":"tools/call"}'],
  ['params null', withParams('null')],
  ['params a list', withParams('["say"]')],
  ['no name', withParams('{"arguments":{}}')],
  ['name null', withParams('{"name":null}')],
  ['name ""', withParams('{"name":""}')],
  ['name of a tool that is not there', withParams('{"name":"shout"}')],
  ['name of a property of every object', withParams('{"name":"__proto__"}')],
  ['no arguments', withParams('{"name":"say"}')],
  ['arguments null', withArguments('null')],
  ['arguments a list', withArguments('[1]')],
  ['arguments a text', withArguments('"x"')],
  ['arguments with odd numbers', withArguments('{"a":[0,-0.5,1e3,1.25]}')],
  ['arguments with surrogates', withArguments('{"a":"\\ud83d\\ude00\\udc00","b":"😀"}')],
  ['arguments with line ends that JSON does not know', withArguments('{"a":"\u2028\u2029\u0085\u007f"}')],
  ['arguments with NUL as it stands', withArguments('{"a":"\u0000"}')],
  ['arguments with NUL escaped', withArguments('{"a":"\\u0000"}')],
  ['arguments with keys twice', withArguments('{"a":1,"a":2}')],
  ['five megabytes of arguments', withArguments(`{"a":"${'x'.repeat(5_000_000)}"}`)],
  ['arguments at the limit of depth', withArguments(`{"a":${'['.repeat(197)}${']'.repeat(197)}}`)],
  ['arguments below the limit of depth', withArguments(`{"a":${'['.repeat(198)}${']'.repeat(198)}}`)],
  ['arguments far below the limit of depth', withArguments(`{"a":${'['.repeat(9999)}${']'.repeat(9999)}}`)],
  ['a name twice', withParams('{"name":"say","name":"denied"}')],
  ['a tool that is denied', withParams('{"name":"denied"}')],
  ['a name twice, once in disguise', withParams('{"name":"say","n\\u0061me":"denied"}')],
  ['a progress token', withParams('{"name":"say","_meta":{"progressToken":1}}')],
  ['a text as progress token', withParams('{"name":"say","_meta":{"progressToken":"é"}}')],
  ['a progress token among others', withParams('{"_meta":{"a":[1.0],"progressToken":"t","b":{}},"name":"say"}')],
  ['a progress token twice', withParams('{"name":"say","_meta":{"progressToken":1,"progressToken":2}}')],
  ['a progress token of null', withParams('{"name":"say","_meta":{"progressToken":null}}')],
  ['a fraction as progress token', withParams('{"name":"say","_meta":{"progressToken":1.5}}')],
  ['_meta with nothing in it', withParams('{"_meta":{ },"name":"say"}')],
  ['_meta twice', withParams('{"name":"say","_meta":{"a":1},"_meta":{"b":1}}')],
  ['_meta with unknown members', withParams('{"name":"say","_meta":{"own.org/x":{"y":[1]}}}')],
  ['_meta null', withParams('{"name":"say","_meta":null}')],
  ['_meta in disguise', withParams('{"name":"say","_met\\u0061":{"progressToken":1}}')],
  ['unknown members of params', withParams('{"name":"say","task":{"ttl":1},"x":null}')],
  ['another member on top', CALL.replace('{', '{"extra":1,')],
  ['a result on top', CALL.replace('{', '{"result":{},')],
  ['jsonrpc 1.0', CALL.replace('"2.0"', '"1.0"')],
  ['jsonrpc a number', CALL.replace('"2.0"', '2.0')],
  ['method twice', CALL.replace('{', '{"method":"ping",')],
  ['a byte order mark', `\ufeff${CALL}`],
  ['space around everything', CALL.replaceAll(/[{}[\]:,]/g, ' \t$& ')],
  ['lines', CALL.replaceAll(/[{}[\],]/g, '\r\n$&\r\n')],
  ['two messages', CALL + CALL],
  ['two messages in two lines', `${CALL}\n${CALL}`],
  ['no message', ''],
  ['half a message', CALL.slice(0, -1)],
  ['a batch', `[${CALL}]`],
  ['a batch of nothing', '[]'],
  ['a text', '"tools/call"'],
];

describe('a call', () => {
  it('is answered, and arrives, as if it had been parsed', async () => {
    const { bothLanes } = await serveAnything();
    for (const [name, body] of CALLS) {
      const { passed, parsed } = await bothLanes(body);
      expect.soft(passed, name).toEqual(parsed);
    }
  });

  it.each([
    ['"name":"say","Name":"denied"'],
    ['"NAME":"denied","name":"say"'],
    ['"name":"say","Arguments":{"lines":["x"]}'],
    ['"name":"say","argument\u017f":{"lines":["x"]}'],
    ['"name":"say","_meta":{"ProgressToken":1}'],
    ['"name":"say","_META":{"progressToken":1}'],
  ])('is refused with a member that a server may read as another: %s', async (members) => {
    const { bothLanes } = await serveAnything({ tools: { deny: ['denied'] } });
    const { passed, parsed } = await bothLanes(withParams(`{${members}}`));
    expect(passed).toEqual(parsed);
    expect(passed).toMatchObject({ text: { error: { code: -32602 } }, got: [] });
  });

  it('with bytes that are no UTF-8', async () => {
    const { bothLanes } = await serveAnything();
    const body = Buffer.from(withArguments('{"a":"\u00ff\u00c3("}'), 'latin1');
    const { passed, parsed } = await bothLanes(body);
    expect(passed).toEqual(parsed);
  });

  it('with any letters put in, taken out and doubled', async () => {
    const { bothLanes } = await serveAnything();
    const rich =
      '{"jsonrpc":"2.0","id":"a1","method":"tools/call","params":{"name":"say","arguments":{"a":[1.5e2,null,"é\\n"]},"x":true}}';
    const at = fc.nat(rich.length);
    const letters = fc.oneof(
      fc.constantFrom(...'{}[]",:\\ \t0-+.eEu'),
      fc.constantFrom(
        '"name":"denied",',
        '"id":2,',
        '\\u0061',
        '"_meta":{},',
        '"arguments":{},',
        'null',
        '\u0000',
        '\r',
      ),
    );
    const edits = fc.array(fc.tuple(at, fc.nat(2), letters), { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(edits, async (made) => {
        const body = made.reduce(
          (text, [from, gone, put]) => text.slice(0, from) + put + text.slice(from + gone),
          rich,
        );
        const { passed, parsed } = await bothLanes(body);
        expect(passed).toEqual(parsed);
      }),
      { numRuns: 250 },
    );
  });
});

const result = (text: string) => `{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"${text}"}]}}`;

const ANSWERS: [string, string[]][] = [
  ['twice', [result('one'), result('two')]],
  ['under an id that nobody has', ['{"jsonrpc":"2.0","id":987654,"result":{}}']],
  ['under the id as a text', ['{"jsonrpc":"2.0","id":"ID","result":{"content":[]}}']],
  ['under the id as another number', ['{"jsonrpc":"2.0","id":ID.0,"result":{"content":[]}}']],
  ['under the id twice', ['{"jsonrpc":"2.0","id":987654,"id":ID,"result":{"content":[]}}']],
  ['under no id', ['{"jsonrpc":"2.0","result":{"content":[]}}']],
  ['with result and error', ['{"jsonrpc":"2.0","id":ID,"result":{"content":[]},"error":{"code":1,"message":"m"}}']],
  ['with an error', ['{"jsonrpc":"2.0","id":ID,"error":{"code":-32050,"message":"m","data":{"x":[1]}}}']],
  ['with an error that is none', ['{"jsonrpc":"2.0","id":ID,"error":"no"}']],
  ['with a result of null', ['{"jsonrpc":"2.0","id":ID,"result":null}']],
  ['with a list as result', ['{"jsonrpc":"2.0","id":ID,"result":[1]}']],
  ['with two results', ['{"jsonrpc":"2.0","id":ID,"result":{"a":1},"result":{"a":2}}']],
  ['with an unknown member on top', ['{"jsonrpc":"2.0","id":ID,"result":{"content":[]},"extra":{}}']],
  ['with a resultType', ['{"jsonrpc":"2.0","id":ID,"result":{"content":[],"resultType":"complete"}}']],
  ['with input required', ['{"jsonrpc":"2.0","id":ID,"result":{"resultType":"input_required","inputRequests":{}}}']],
  ['with _meta', ['{"jsonrpc":"2.0","id":ID,"result":{"content":[],"_meta":{"own.org/x":1}}}']],
  ['with who answers', ['{"jsonrpc":"2.0","id":ID,"result":{"_meta":{"io.modelcontextprotocol/serverInfo":{}}}}']],
  ['with isError', ['{"jsonrpc":"2.0","id":ID,"result":{"content":[],"isError":true}}']],
  ['with isError twice', ['{"jsonrpc":"2.0","id":ID,"result":{"isError":true,"isError":false}}']],
  ['with isError that is none', ['{"jsonrpc":"2.0","id":ID,"result":{"isError":"true"}}']],
  ['with structured content of null', ['{"jsonrpc":"2.0","id":ID,"result":{"structuredContent":null}}']],
  ['with structured content of 1', ['{"jsonrpc":"2.0","id":ID,"result":{"structuredContent":1}}']],
  [
    'with structured content of both',
    ['{"jsonrpc":"2.0","id":ID,"result":{"structuredContent":{},"structuredContent":1}}'],
  ],
  ['with structured content', ['{"jsonrpc":"2.0","id":ID,"result":{"structuredContent":{"a":1}}}']],
  ['with a key in disguise', ['{"jsonrpc":"2.0","id":ID,"result":{"structured\\u0043ontent":7}}']],
  ['of JSON-RPC 1.0', ['{"jsonrpc":"1.0","id":ID,"result":{"content":["old"]}}']],
  ['without jsonrpc', ['{"id":ID,"result":{"content":["old"]}}']],
  ['with a method', ['{"jsonrpc":"2.0","id":ID,"method":"ping","result":{"content":[]}}']],
  ['with a carriage return', [`${result('one')}\r`]],
  ['with a byte order mark', [`\ufeff${result('one')}`]],
  ['with surrogates', [result('\\ud83d\\ude00 \\udc00')]],
  ['with something behind it', [`${result('one')} {}`]],
  ['cut off', [result('one').slice(0, -1)]],
  ['in a batch', [`[${result('one')}]`]],
  ['below the limit of depth', [`{"jsonrpc":"2.0","id":ID,"result":{"a":${'['.repeat(300)}${']'.repeat(300)}}}`]],
  ['among messages', ['{"jsonrpc":"2.0","method":"notifications/message","params":{}}', 'noise', result('one'), '']],
  ['after a question', ['{"jsonrpc":"2.0","id":"q","method":"ping"}', result('one')]],
  ['with _meta that says nothing', ['{"jsonrpc":"2.0","id":ID,"result":{"_meta":{ },"content":[]}}']],
  ['with nothing in it', ['{"jsonrpc":"2.0","id":ID,"result":{ }}']],
  [
    'with both, and an era',
    [
      '{"jsonrpc":"2.0","id":ID,"result":{"_meta":{"a":1,"io.modelcontextprotocol/serverInfo":{"name":"x"}},"resultType":"complete"}}',
    ],
  ],
  ['with _meta twice', ['{"jsonrpc":"2.0","id":ID,"result":{"_meta":{"a":1},"_meta":{"b":1}}}']],
  ['with _meta that is none', ['{"jsonrpc":"2.0","id":ID,"result":{"_meta":7}}']],
  ['with an error of another code', ['{"jsonrpc":"2.0","id":ID,"error":{"code":-32002,"message":"m"}}']],
  ['with an unknown method', ['{"jsonrpc":"2.0","id":ID,"error":{"code":-32601,"message":"m"}}']],
  [
    'after progress that nobody asked for',
    ['{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":1}}'],
  ],
];

it.each([undefined, 'modern'] as const)('an answer of a %s server passes as if it had been parsed', async (server) => {
  const { bothLanes } = await serveAnything({}, { server });
  for (const [name, lines] of ANSWERS) {
    const { passed, parsed } = await bothLanes(withArguments(JSON.stringify({ lines })));
    expect.soft(passed, name).toEqual(parsed);
  }
});

/** What a server says before its answer, if somebody wants to hear it. */
const SAID = [
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":1.0,"x":[1]}}',
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"é"}}',
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":2,"total":2}}',
  result('said'),
];
const talkative = (meta: string) =>
  withParams(`{"name":"say","arguments":${JSON.stringify({ lines: SAID })},"_meta":{${meta}}}`);

it('what is said before an answer passes as if it had been parsed', async () => {
  const { bothLanes } = await serveAnything();
  for (const meta of ['"progressToken":"mine"', '"progressToken":7', '"a":1']) {
    const { passed, parsed } = await bothLanes(talkative(meta));
    expect.soft(passed, meta).toEqual(parsed);
    if (meta.includes('mine')) expect(passed).toMatchObject({ type: 'text/event-stream', text: [{}, {}, { id: 1 }] });
  }
});

describe.each<[string, JsonObject]>([
  ['with a stream', {}],
  ['that can be asked', { roots: {}, elicitation: {} }],
])('a session %s', (_name, session) => {
  it('has the same calls, passed or parsed', async () => {
    const { bothLanes } = await serveAnything({ tools: { deny: ['denied'] } }, { session });
    for (const [name, body] of CALLS) {
      const { passed, parsed } = await bothLanes(body);
      expect.soft(passed, name).toEqual(parsed);
    }
  });

  it('has the same answers, passed or parsed', async () => {
    const { bothLanes } = await serveAnything({}, { session });
    // No server of an older version can wish for input; both refuse it, in other words.
    for (const [name, lines] of ANSWERS.filter(([each]) => each !== 'with input required')) {
      const { passed, parsed } = await bothLanes(withArguments(JSON.stringify({ lines })));
      expect.soft(passed, name).toEqual(parsed);
    }
    for (const meta of ['"progressToken":"mine"', '"a":1']) {
      const { passed, parsed } = await bothLanes(talkative(meta));
      expect.soft(passed, meta).toEqual(parsed);
      expect(passed).toMatchObject({ type: 'text/event-stream' });
    }
  });
});

const { params: asked, headers: MODERN } = modern('tools/call', { name: 'say' });
const ENVELOPE = JSON.stringify(asked._meta).slice(1, -1);
const modernCall = (members: string, meta = ENVELOPE) => withParams(`{"name":"say",${members}"_meta":{${meta}}}`);

const MODERN_CALLS: [string, string, Record<string, string>?][] = [
  ['plain', modernCall('')],
  ['with arguments', modernCall('"arguments":{"lines":[],"odd":[1e2,"\\u00e9é"]},')],
  ['with a progress token', modernCall('', `${ENVELOPE},"progressToken":"mine"`)],
  ['with more in _meta', modernCall('', `"traceparent":"00-1-2-3",${ENVELOPE},"own.org/x":[1.0]`)],
  ['with a level of the log', modernCall('', `${ENVELOPE},"io.modelcontextprotocol/logLevel":"info"`)],
  ['with something else of the protocol', modernCall('', `${ENVELOPE},"io.modelcontextprotocol/x":1`)],
  ['with an answer to nothing', modernCall('"inputResponses":{},"requestState":"s",')],
  ['without clientInfo', modernCall('', ENVELOPE.replace(/"io[^"]*clientInfo":\{[^}]*\},/, ''))],
  ['with clientInfo that is none', modernCall('', ENVELOPE.replace(/(clientInfo":)\{[^}]*\}/, '$17'))],
  ['without capabilities', modernCall('', ENVELOPE.replace(/,"io[^"]*clientCapabilities":\{\}/, ''))],
  ['that can be asked', modernCall('', ENVELOPE.replace(/(clientCapabilities":)\{\}/, '$1{"elicitation":{}}'))],
  ['of another version', modernCall('', ENVELOPE.replace('2026-07-28', '2025-11-25'))],
  ['of a version to come', modernCall('', ENVELOPE.replace('2026-07-28', '2027-01-01'))],
  ['without an envelope', modernCall('', '"x":1')],
  ['without _meta', withParams('{"name":"say"}')],
  ['of a tool that is denied', modernCall('').replace('"say"', '"denied"'), { 'mcp-name': 'denied' }],
  ['of a tool that is not there', modernCall('').replace('"say"', '"shout"'), { 'mcp-name': 'shout' }],
  ['with another name in the header', modernCall(''), { 'mcp-name': 'heard' }],
  ['with an encoded name in the header', modernCall(''), { 'mcp-name': '=?base64?c2F5?=' }],
  ['with another method in the header', modernCall(''), { 'mcp-method': 'tools/list' }],
  ['with headers of an older version', modernCall(''), { 'mcp-protocol-version': '2025-11-25' }],
];

describe.each([undefined, 'modern'] as const)('a client of 2026-07-28 and a %s server', (server) => {
  it('have the same calls, passed or parsed', async () => {
    for (const [name, body, more = {}] of MODERN_CALLS) {
      const { bothLanes } = await serveAnything(
        { tools: { deny: ['denied'] } },
        { server, headers: { ...MODERN, ...more } },
      );
      const { passed, parsed } = await bothLanes(body);
      expect.soft(passed, name).toEqual(parsed);
    }
  });

  it('have the same answers, passed or parsed', async () => {
    const { bothLanes } = await serveAnything({}, { server, headers: MODERN });
    for (const [name, lines] of ANSWERS) {
      const { passed, parsed } = await bothLanes(modernCall(`"arguments":${JSON.stringify({ lines })},`));
      expect.soft(passed, name).toEqual(parsed);
    }
    const level = `${ENVELOPE},"io.modelcontextprotocol/logLevel":"info"`;
    for (const meta of [`${ENVELOPE},"progressToken":"mine"`, level, `${level},"progressToken":0`]) {
      const { passed, parsed } = await bothLanes(talkative(meta));
      expect.soft(passed, meta).toEqual(parsed);
      expect(passed).toMatchObject({ type: 'text/event-stream' });
    }
  });
});
