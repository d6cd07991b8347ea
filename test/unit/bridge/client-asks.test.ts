/** Requests of a server to the client behind us, on a peer whose wire a test holds in its hands. */
import { describe, expect, it } from 'vitest';
import { RpcPeer } from '../../../src/bridge/rpc-peer.ts';
import { Session } from '../../../src/bridge/session.ts';
import type { AskableClient } from '../../../src/bridge/upstream-session.ts';
import { GatewayError } from '../../../src/errors.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';

function setUp(client?: AskableClient) {
  const sent: JsonObject[] = [];
  const clock = fakeClock();
  const wire = {
    hasStreamPerRequest: false,
    cancelsByStream: false,
    send: (message: JsonObject) => void sent.push(message),
    useVersion() {},
    async close() {},
  };
  const peer = new RpcPeer(() => wire, { server: 's', clock, client });
  const ask = (id: string, method = 'elicitation/create') =>
    peer.message({ jsonrpc: '2.0', id, method, params: { message: id } });
  return { peer, sent, clock, ask };
}

/** Answers when the test says so. */
function slowClient() {
  const asked: { readonly params: JsonObject; readonly signal: AbortSignal; answer(result: JsonObject): void }[] = [];
  const client: AskableClient = {
    capabilities: { elicitation: {} },
    request: ({ params }, signal) =>
      new Promise((answer, reject) => {
        signal.addEventListener('abort', () => reject(new Error('nobody asks any more')));
        asked.push({ params, signal, answer });
      }),
  };
  return { client, asked };
}

describe('a server that asks', () => {
  it('gets the answer of the client under its own id', async () => {
    const { client, asked } = slowClient();
    const { sent, ask } = setUp(client);
    ask('a');
    ask('b');
    asked[1]?.answer({ action: 'decline' });
    asked[0]?.answer({ action: 'accept', odd: 1 });
    await settled();
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 'b', result: { action: 'decline' } },
      { jsonrpc: '2.0', id: 'a', result: { action: 'accept', odd: 1 } },
    ]);
  });

  it('gets the error of the client as it came', async () => {
    const rpc = { code: -1, message: 'user said no', data: { x: 1 } };
    const refuse = () => Promise.reject(new GatewayError('UPSTREAM_ERROR', 'no', { data: { rpc } }));
    const { sent, ask } = setUp({ capabilities: { elicitation: {} }, request: refuse });
    ask('a');
    await settled();
    expect(sent).toEqual([{ jsonrpc: '2.0', id: 'a', error: rpc }]);
  });

  it('is told that nobody can be asked when there is no client', async () => {
    const { sent, ask } = setUp();
    ask('a');
    await settled();
    expect(sent[0]?.error).toMatchObject({ code: -32601 });
  });

  it('may take its question back, and has none open after its end', async () => {
    const { client, asked } = slowClient();
    const { peer, ask } = setUp(client);
    ask('a');
    ask('b');
    peer.message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'a' } });
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    peer.ended(new GatewayError('SERVER_CRASHED', 'gone'));
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it('is not given up while its client thinks', async () => {
    const { client, asked } = slowClient();
    const { peer, clock, ask } = setUp(client);
    const call = peer.request('tools/call', {}, { timeoutMs: 100 }).catch((error: GatewayError) => error.code);
    ask('a');
    await clock.advance(1_000);
    asked[0]?.answer({});
    await settled();
    await clock.advance(1_000);
    expect(await call, 'the deadline holds again').toBe('CALL_TIMEOUT');
  });
});

describe('what a caller declared', () => {
  const facts = {
    era: 'modern',
    protocolVersion: '2026-07-28',
    serverInfo: {},
    capabilities: {},
    instructions: '',
  } as const;
  const KEY = 'io.modelcontextprotocol/clientCapabilities';

  it('is said to a modern server, and its wish for input handed back', async () => {
    const { peer, sent, clock } = setUp();
    const session = new Session(peer, { server: 's', clientInfo: { name: 'us' }, clock, facts });
    const call = session.request('tools/call', {}, { envelope: { [KEY]: { sampling: {} } } });
    expect(sent[0]?.params).toMatchObject({ _meta: { [KEY]: { sampling: {} } } });
    const wish = { resultType: 'input_required', inputRequests: {}, requestState: 's' };
    peer.message({ jsonrpc: '2.0', id: 1, result: wish });
    expect(await call).toEqual(wish);
  });

  it('is nothing where no caller declared anything, and a wish for input an error', async () => {
    const { peer, sent, clock } = setUp();
    const session = new Session(peer, { server: 's', clientInfo: { name: 'us' }, clock, facts });
    const call = session.request('tools/call', {}).catch((error: GatewayError) => error.code);
    expect(sent[0]?.params).toMatchObject({ _meta: { [KEY]: {} } });
    peer.message({ jsonrpc: '2.0', id: 1, result: { resultType: 'input_required' } });
    expect(await call).toBe('UPSTREAM_ERROR');
  });
});
