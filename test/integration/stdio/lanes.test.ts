/** Calls on standard input as Tooldex answers them, against what the SDK's server says to the same lines. */
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { Gateway } from '../../../src/gateway.ts';
import { serveOnStdio } from '../../../src/gateway-doors.ts';
import type { CallContext } from '../../../src/meta-tools/parts.ts';
import { createSdkServer } from '../../../src/meta-tools/sdk-server.ts';
import type { ToolOffer } from '../../../src/meta-tools/tool-offer.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { passing } from '../../helpers/passing-offer.ts';

const REFUSAL = { data: { rpc: { code: -32050, message: 'no', data: { a: 1 } } } };
const MODERN_META = { 'io.modelcontextprotocol/serverInfo': { name: 's' }, own: 1 };
const RESULTS: Readonly<Record<string, JsonObject>> = {
  plain: { content: [{ type: 'hologram', data: 'é😀\u2028', extra: 1 }], isError: false, own: [1.5] },
  list: { content: [], structuredContent: [1] },
  modern: { content: [], resultType: 'complete', _meta: MODERN_META },
};

function offerFor(asked: unknown[]): ToolOffer {
  return {
    identity: { name: 'tooldex', title: 'Tooldex', version: '1.2.3' },
    instructions: undefined,
    listTtlMs: 0,
    list: async () => ({ tools: [] }),
    call: async (params, { signal: _, onProgress, ...context }: CallContext) => {
      asked.push({ params, context, wantsProgress: onProgress !== undefined });
      onProgress?.({ progress: 1, message: 'one' });
      onProgress?.({ progress: 2, total: 2, unknown: true });
      if (params.name === 'fail') throw new GatewayError('SERVER_BUSY', 'full', { data: { retryAfterMs: 5 } });
      if (params.name === 'refuse') throw new GatewayError('UPSTREAM_ERROR', 'said no', REFUSAL);
      if (params.name === 'break') throw new TypeError('a bug');
      return RESULTS[String(params.name)] ?? { content: [], given: params.arguments ?? null };
    },
  };
}

type Lane = 'ours' | 'bytes' | 'sdk';

async function open(lane: Lane, offer: ToolOffer) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const messages: JsonObject[] = [];
  let rest = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    messages.push(...lines.map((line) => JSON.parse(line) as JsonObject));
  });
  if (lane !== 'sdk') {
    const served = lane === 'bytes' ? passing(offer) : offer;
    const gateway = { profiles: { require: () => served } } as unknown as Gateway;
    const door = await serveOnStdio(gateway, { input, output, profile: 'p', log: () => undefined });
    onTestFinished(() => door.close());
  } else {
    const transport = new StdioServerTransport(input, output);
    const session = serveStdio(() => createSdkServer(offer, { principal: LOCAL }), { transport });
    onTestFinished(() => session.close());
  }
  const answered = async (id: unknown) => {
    while (!messages.some((message) => message.id === id)) await turn();
  };
  const clientInfo = { name: 't', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'opening', method: 'initialize', params })}\n`);
  await answered('opening');
  input.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  messages.length = 0;
  return { input, messages, answered };
}

async function tell(lane: Lane, bytes: Buffer) {
  const asked: unknown[] = [];
  const { input, messages, answered } = await open(lane, offerFor(asked));
  input.write(bytes);
  input.write('\n{"jsonrpc":"2.0","id":"ping","method":"ping"}\n');
  await answered('ping');
  // What is answered at all is answered within a few turns.
  for (let turns = 0; turns < 30; turns++) await turn();
  return { asked, messages: messages.filter(({ id }) => id !== 'ping') };
}

const withId = (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"plain"}}`;
const CALL = withId('1');
const withParams = (params: string) => CALL.replace('{"name":"plain"}', params);
const withMeta = (meta: string) => withParams(`{"name":"plain","_meta":${meta}}`);
const ENVELOPE = `"io.modelcontextprotocol/protocolVersion":"2026-07-28"`;

const LINES: [string, string][] = [
  ['a call', CALL],
  ['a call with arguments', withParams('{"name":"x","arguments":{"a":[1e400,"\\ud83d"]},"task":{}}')],
  ...['0', '-1', '1.0', '1.5', '9007199254740993', '"a"', '""', '"é"', 'null', 'true', '{}', '[1]'].map(
    (id): [string, string] => [`the id ${id}`, withId(id)],
  ),
  ['no id', CALL.replace('"id":1,', '')],
  ...['list', 'fail', 'refuse', 'break', '', '__proto__'].map((name): [string, string] => [
    `the tool "${name}"`,
    withParams(`{"name":"${name}"}`),
  ]),
  ...['null', '[]', '1', '{}', '{"name":1}', '{"name":"x","arguments":[1]}', '{"name":"x","arguments":null}'].map(
    (params): [string, string] => [`the parameters ${params}`, withParams(params)],
  ),
  ['no parameters', CALL.replace(',"params":{"name":"plain"}', '')],
  ...['{}', 'null', '[]', '1', '{"own":1}', '{"traceparent":"00"}'].map((meta): [string, string] => [
    `the _meta ${meta}`,
    withMeta(meta),
  ]),
  ...['1', '"t"', '1.5', 'null', '{}', '9007199254740993'].map((token): [string, string] => [
    `the progress token ${token}`,
    withMeta(`{"progressToken":${token}}`),
  ]),
  ['a progress token of a call that fails', withParams('{"name":"fail","_meta":{"progressToken":1}}')],
  ['the envelope of 2026-07-28', withMeta(`{${ENVELOPE}}`)],
  ['another member', CALL.replace('{', '{"own":1,')],
  ['a result, too', CALL.replace('{', '{"result":{},')],
  ['another version', CALL.replace('2.0', '1.0')],
  ['a method of nobody', CALL.replace('tools/call', 'tools/own')],
  ['a list of tools', CALL.replace('tools/call', 'tools/list')],
  ['a cancellation of nothing', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}'],
  ['a carriage return', `${CALL}\r`],
  ['space around everything', CALL.replaceAll(/[{}[\]:,]/g, ' \t$& ')],
  ['a byte order mark', `\ufeff${CALL}`],
  ['a batch', `[${CALL}]`],
  ['half of it', CALL.slice(0, -1)],
  ['two in a line', CALL + CALL],
  ['two', `${CALL}\n${withId('2')}`],
  ['nothing', ''],
];

describe('a client on standard input', () => {
  it.each(LINES)('is answered as by the SDK when it says: %s', async (_, line) => {
    const bytes = Buffer.from(line);
    const told = await tell('sdk', bytes);
    expect(await tell('ours', bytes)).toEqual(told);
    expect(await tell('bytes', bytes)).toEqual(told);
  });

  it('is answered as by the SDK when it says what is no UTF-8', async () => {
    const bytes = Buffer.from(withParams('{"name":"x","arguments":{"a":"\u00ff\u00c3("}}'), 'latin1');
    expect(await tell('ours', bytes)).toEqual(await tell('sdk', bytes));
  });

  it.each(['ours', 'bytes'] as const)('is shown nothing that only 2026-07-28 has (%s)', async (lane) => {
    const { messages } = await tell(lane, Buffer.from(withParams('{"name":"modern"}')));
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: { content: [], _meta: { own: 1 } } }]);
  });

  it.each(['ours', 'bytes', 'sdk'] as const)('#45 cancels a call and gets no answer (%s)', async (lane) => {
    const signals: AbortSignal[] = [];
    const call: ToolOffer['call'] = (_, { signal, onProgress }) => {
      signals.push(signal);
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          onProgress?.({ progress: 1 });
          reject(new Error('cancelled'));
        }),
      );
    };
    const { input, messages, answered } = await open(lane, { ...offerFor([]), call });
    input.write(`${withMeta('{"progressToken":1}')}\n${withId('2')}\n`);
    while (signals.length < 2) await turn();
    input.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n');
    input.write('{"jsonrpc":"2.0","id":"ping","method":"ping"}\n');
    await answered('ping');
    for (let turns = 0; turns < 30; turns++) await turn();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(messages.filter(({ id }) => id !== undefined)).toMatchObject([{ id: 'ping' }]);
  });

  it('is answered when its lines come byte by byte', async () => {
    const asked: unknown[] = [];
    const { input, messages, answered } = await open('ours', offerFor(asked));
    for (const byte of Buffer.from(`${CALL}\n${withId('2')}\n`)) input.write(Buffer.of(byte));
    await answered(1);
    await answered(2);
    expect(messages).toMatchObject([{ id: 1 }, { id: 2 }]);
    expect(asked).toHaveLength(2);
  });
});
