/** The wire over HTTP without a server: whom a stream concerns that had to be broken off. */
import { expect, it } from 'vitest';
import { type RemoteTransport, RemoteWire } from '../../../src/bridge/remote-wire.ts';
import type { WireEvents } from '../../../src/bridge/wire.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

function setUp() {
  const failed: [number, string][] = [];
  const events = { failed: (id: number, error: Error) => void failed.push([id, error.message]) };
  const transport = { terminateSession: async () => {} } as unknown as RemoteTransport;
  const options = { server: 's', clock: fakeClock(), connect: async () => transport };
  return { failed, wire: new RemoteWire(transport, options, events as unknown as WireEvents) };
}

it.each([
  ['its request', '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{}}', [5]],
  ['nobody, for a notification', '{"jsonrpc":"2.0","method":"notifications/initialized"}', []],
  ['nobody, for an answer of ours, whose id is of the server', '{"jsonrpc":"2.0","id":5,"result":{}}', []],
  ['nobody, for the stream of the whole session', undefined, []],
])('an answer that is too long concerns %s', (_, request, concerned) => {
  const { failed, wire } = setUp();
  wire.brokeOff(request);
  expect(failed).toEqual(concerned.map((id) => [id, 'Server "s" answered with more than 32 MiB, which is not read']));
});
