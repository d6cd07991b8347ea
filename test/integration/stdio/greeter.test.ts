import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { serveOnStdio } from '../../../src/gateway-doors.ts';
import { Greeter } from '../../../src/meta-tools/greeter.ts';
import { LEGACY_VERSIONS } from '../../../src/meta-tools/legacy-opening.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { openTestGateway } from '../gateway/open-gateway.ts';

const initialize = (protocolVersion: string, id: string | number = 1): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method: 'initialize',
  params: { protocolVersion, capabilities: { roots: {} }, clientInfo: { name: 'test', version: '1' } },
});
const INITIALIZED: JsonObject = { jsonrpc: '2.0', method: 'notifications/initialized' };
const request = (method: string, id = 2): JsonObject => ({ jsonrpc: '2.0', id, method, params: {} });

/** What the SDK answers to these messages, in order. */
async function askSdk(messages: readonly JsonObject[]): Promise<JsonObject[]> {
  const { gateway } = await openTestGateway({});
  const [input, output] = [new PassThrough(), new PassThrough()];
  const door = await serveOnStdio(gateway, { input, output, log: () => undefined });
  const wanted = messages.filter((message) => message.id !== undefined).length;
  const answers: JsonObject[] = [];
  output.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split('\n')) answers.push(JSON.parse(line) as JsonObject);
  });
  for (const message of messages) input.write(`${JSON.stringify(message)}\n`);
  while (answers.length < wanted) await turn();
  await door.close();
  return answers;
}

async function askGreeter(messages: readonly JsonObject[]): Promise<(JsonObject | undefined)[]> {
  const { gateway } = await openTestGateway({});
  const greeter = new Greeter(gateway.menu, gateway.identity);
  return messages.map((message) => {
    const greeting = greeter.greet(JSON.stringify(message));
    return greeting.kind === 'greeted' ? greeting.reply : undefined;
  });
}

describe('greeter', () => {
  it('knows the versions that the SDK knows', () => {
    expect([...LEGACY_VERSIONS]).toEqual(SUPPORTED_PROTOCOL_VERSIONS);
  });

  it.each([...LEGACY_VERSIONS, '2026-07-28', '1999-01-01'])(
    'answers the opening at %s as the SDK does',
    async (version) => {
      const opening = [initialize(version, 'first'), INITIALIZED, request('ping', 7), request('tools/list', 8)];
      const greeted = (await askGreeter(opening)).filter((reply) => reply !== undefined);
      expect(greeted).toEqual(await askSdk(opening));
    },
  );

  it.each<[string, JsonObject]>([
    ['a call', request('tools/call')],
    ['the modern opening', request('server/discover')],
    ['a second initialize', initialize('2025-11-25', 5)],
    ['an initialize that is not complete', { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }],
    ['a list with a cursor', { ...request('tools/list'), params: { cursor: 'x' } }],
    ['no JSON-RPC', { hello: 'world' }],
  ])('leaves %s to the SDK', async (_, message) => {
    const replies = await askGreeter([initialize('2025-11-25'), INITIALIZED, message]);
    expect(replies[2]).toBeUndefined();
  });

  it('leaves everything to the SDK when it is not opened by initialize', async () => {
    expect(await askGreeter([request('tools/list')])).toEqual([undefined]);
  });
});
