/** A client that closes its end has said all that it wants, not heard all that it asked for. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { serveOnStdio } from '../../../src/gateway-doors.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from '../gateway/open-gateway.ts';

const NEVER = '/nonexistent/never';
const initialize: JsonObject = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

const use = (id: number, tool: string, params: JsonObject): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'use_tool', arguments: { tool, params } },
});

async function open() {
  const { gateway } = await openTestGateway({ s: { fixture: 'well-behaved' } });
  await (await gateway.open()).discovery.list('s');
  const [input, output] = [new PassThrough(), new PassThrough()];
  // Whoever waits longer than there is need to, waits for ever.
  const door = await serveOnStdio(gateway, { input, output, log: () => undefined, answersMs: 2 ** 31 - 1 });
  const ids: unknown[] = [];
  output.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split('\n')) ids.push((JSON.parse(line) as JsonObject).id);
  });
  const say = (...messages: JsonObject[]) => input.write(messages.map((each) => `${JSON.stringify(each)}\n`).join(''));
  return { door, input, output, ids, say };
}

it('all calls under way are answered after the client has closed its end', async () => {
  const folder = tempDir();
  const { door, input, ids, say } = await open();
  say(initialize, { jsonrpc: '2.0', method: 'notifications/initialized' });
  for (let id = 2; id <= 6; id++) say(use(id, 's:wait', { file: `${folder}/${id}` }));
  input.end();
  await once(input, 'end');
  for (let id = 6; id >= 2; id--) writeFileSync(`${folder}/${id}`, '');
  await door.ended;
  await door.close();
  expect(ids.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
});

it('nobody waits for what was cancelled', async () => {
  const { door, input, ids, say } = await open();
  say(initialize, use(2, 's:wait', { file: NEVER }));
  while (!ids.includes(1)) await turn();
  say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } });
  input.end();
  await door.ended;
  await door.close();
});

it('nobody waits when nobody listens any more', async () => {
  const { door, input, output, ids, say } = await open();
  say(initialize, use(2, 's:wait', { file: NEVER }));
  while (!ids.includes(1)) await turn();
  input.end();
  output.destroy();
  await door.ended;
  await door.close();
});

it('nobody waits for more from a client that does not listen any more', async () => {
  const { door, output, ids, say } = await open();
  say(initialize, use(2, 's:wait', { file: NEVER }));
  while (!ids.includes(1)) await turn();
  output.destroy(new Error('EPIPE'));
  await door.ended;
  await door.close();
});
