/** What is left of a client of HTTP+SSE when its one connection ends at a bad moment. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { CallsInFlight } from '../../../src/http/calls-in-flight.ts';
import { KeptRoom } from '../../../src/http/kept-room.ts';
import { RelayHub } from '../../../src/http/relay-hub.ts';
import type { RelayParts } from '../../../src/http/relay-legacy.ts';
import { RelaySessions } from '../../../src/http/relay-sessions.ts';
import { SseDoor } from '../../../src/http/relay-sse.ts';
import type { RelayFacts, RelayTarget } from '../../../src/http/relay-target.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { collectGarbage } from '../../helpers/collect-garbage.ts';

const FACTS: RelayFacts = { isModern: false, capabilities: {}, serverInfo: {}, instructions: undefined };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};

/** A door to a server that is there as long as `facts` says. */
function open(facts: () => Promise<RelayFacts>) {
  const onSession = () => {};
  const options = { onOpen: onSession, onEnd: onSession, abandonedAfterMs: 60_000, room: new KeptRoom() };
  const sessions = new RelaySessions(options);
  let isThere = true;
  const target = { facts } as unknown as RelayTarget;
  const parts: RelayParts = { target, hub: new RelayHub(() => 0), sessions, inFlight: new CallsInFlight() };
  const door = new SseDoor(() => {
    if (isThere) return parts;
    throw new GatewayError('SERVER_UNKNOWN', 'it was removed');
  });
  const request = new IncomingMessage(new Socket());
  request.url = '/mcp/s/sse';
  const response = new ServerResponse(request);
  const said: string[] = [];
  response.write = (text: unknown) => said.push(String(text)) > 0;
  door.connect({ request, response, principal: LOCAL });
  request.url = /data: (.+)/.exec(said.join(''))?.[1] ?? '';
  const post = (message: JsonObject = INITIALIZE) => door.message({ request, response, principal: LOCAL }, message);
  const remove = () => {
    isThere = false;
  };
  return { sessions, said, post, remove, close: () => response.emit('close') };
}

it('its session ends, though the server has been removed meanwhile', async () => {
  const { sessions, post, remove, close } = open(async () => FACTS);
  expect(post()).toBe(true);
  await turn();
  expect(sessions.size).toBe(1);
  remove();
  expect(close).not.toThrow();
  expect(sessions.size).toBe(0);
});

it('there is no session for one that was gone before it was opened, and one for one that asked twice', async () => {
  let know = (_: RelayFacts) => {};
  const facts = new Promise<RelayFacts>((resolve) => {
    know = resolve;
  });
  const [gone, twice] = [open(() => facts), open(() => facts)];
  gone.post();
  gone.close();
  twice.post();
  twice.post();
  know(FACTS);
  await turn();
  expect([gone.sessions.size, twice.sessions.size]).toEqual([0, 1]);
  twice.close();
  expect(twice.sessions.size).toBe(0);
});

it('a message for a server that was removed on its way is nothing that nobody catches', async () => {
  const { post, remove } = open(async () => FACTS);
  remove();
  expect(post).toThrow('it was removed');
  await turn();
});

it('its requests leave nothing behind on a connection that lasts', async () => {
  const { said, post } = open(async () => FACTS);
  post();
  await turn();
  const pings = async (count: number) => {
    for (let id = 1; id <= count; id++) {
      post({ jsonrpc: '2.0', id, method: 'ping' });
      if (id % 1_000 === 0) await turn();
    }
    said.length = 0;
    await turn();
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await pings(10_000);
  const after = await pings(50_000);
  expect((after - before) / 50_000, 'bytes for each').toBeLessThan(25);
});
