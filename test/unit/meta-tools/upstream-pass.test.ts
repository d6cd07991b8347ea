import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { RpcPeer } from '../../../src/bridge/rpc-peer.ts';
import { Session } from '../../../src/bridge/session.ts';
import { StdioWire } from '../../../src/bridge/stdio-wire.ts';
import type { ByteListener, UpstreamSession } from '../../../src/bridge/upstream-session.ts';
import type { KnownServer } from '../../../src/catalog/server-directory.ts';
import { GatewayError } from '../../../src/errors.ts';
import { callUpstream } from '../../../src/meta-tools/upstream-call.ts';
import { type PassedCall, passUpstream } from '../../../src/meta-tools/upstream-pass.ts';
import type { CallOutcome } from '../../../src/policy/admission.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';
import { fakePool, fakeSession } from '../../helpers/fake-pool.ts';

const server: KnownServer = {
  name: 's',
  description: '',
  configHash: '',
  callTimeoutMs: 1000,
  callTotalTimeoutMs: 1000,
  resultBytesMax: 1000,
  allows: () => true,
};

const PARTS = {
  admission: { admit: () => ({ finish() {} }) },
  paths: { confines: () => false, confine: () => undefined },
  catalog: {},
  discovery: { hear() {} },
};
const CALL: Omit<PassedCall, 'listener'> = {
  door: 'direct',
  server,
  tool: 't',
  params: { text: '{"name":"t"}', meta: '' },
  principal: LOCAL,
  requestId: undefined,
  behalf: undefined,
  envelope: undefined,
  onProgress: undefined,
};

const PEER = { server: 's', clock: fakeClock() };
const WIRE = { hasStreamPerRequest: false, cancelsByStream: false, send() {}, useVersion() {}, async close() {} };
const ANSWER = { jsonrpc: '2.0', id: 1, result: { content: [] } };

function deferred<Value>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A call that the server up at first takes as `pass` does, and the one after it never answers. */
function passing(pass: NonNullable<UpstreamSession['pass']>) {
  const outcome = deferred<string>();
  const asked = deferred<void>();
  const second = fakeSession();
  second.request = (_method, _params, { signal } = {}) => {
    asked.resolve();
    return new Promise((_, failed) => signal?.addEventListener('abort', () => failed(signal.reason), { once: true }));
  };
  const { pool } = fakePool({ open: async () => second });
  const session = fakeSession();
  session.crash();
  const dying = {
    session: { ...session, pass },
    draining: new Promise<void>(() => {}),
    release() {},
    [Symbol.dispose]() {},
  };
  const listener: ByteListener = {
    bytes: () => outcome.resolve('bytes'),
    value: () => outcome.resolve('value'),
    failed: ({ message }) => outcome.resolve(message),
  };
  const parts = {
    ...PARTS,
    pool: { ...pool, acquire: pool.acquire.bind(pool), acquireNow: () => dying },
  } as unknown as Parameters<typeof passUpstream>[0];
  return { giveUp: passUpstream(parts, { ...CALL, listener }), asked: asked.promise, outcome: outcome.promise };
}

it('#30 #45 a call that a dead server did not take can still be given up while a fresh one works on it', async () => {
  const { giveUp, asked, outcome } = passing((_method, _params, { listener }) => {
    listener.failed(new GatewayError('SERVER_CRASHED', 'dead already', { data: { unread: true } }));
    return () => {};
  });
  await asked;
  giveUp(new Error('the client is gone'));
  expect(await outcome).toBe('the client is gone');
});

it('#30 calls behind the end of a server’s output go to a fresh one, be they passed on or waited for', async () => {
  const [input, output, clock] = [new PassThrough(), new PassThrough(), fakeClock()];
  const stdio = { kind: 'stdio', input, output, exited: new Promise<never>(() => {}), stderrTail: () => [] } as const;
  const streams = { ...stdio, hasLeftInput: () => false, stop: async () => {} };
  const options = { server: 's', clock };
  const peer = new RpcPeer((ear) => new StdioWire(streams, options, ear), options);
  const mute = new Session(peer, { ...PEER, clientInfo: {}, facts: fakeSession().facts });
  const fresh = { ...fakeSession(), request: async () => ({ content: [] }) };
  const sessions = [mute, fresh];
  const { pool } = fakePool({ open: async () => sessions.shift() ?? fakeSession() });
  (await pool.acquire('s')).release();
  output.end();
  output.resume();
  await settled();
  const parts = { ...PARTS, pool } as unknown as Parameters<typeof passUpstream>[0];
  const passed = deferred<unknown>();
  const listener = { bytes: passed.resolve, value: passed.resolve, failed: passed.resolve };
  passUpstream(parts, { ...CALL, listener });
  const context = { principal: LOCAL, signal: new AbortController().signal };
  const asked = { door: 'direct', server, tool: 't', method: 'tools/call', params: { name: 't' }, context } as const;
  const called = callUpstream(parts, asked);
  await settled();
  await clock.advance(500);
  expect(await Promise.all([passed.promise, called])).toEqual([{ content: [] }, { content: [] }]);
});

it('a call whose server is confined while it starts is held to that', async () => {
  let isConfined = false;
  const open = async () => {
    isConfined = true;
    return { ...fakeSession(), pass: () => expect.unreachable('it was passed on') };
  };
  const paths = { confines: () => isConfined, confine: async () => Promise.reject(new Error('out of the workspace')) };
  const catalog = { tool: () => ({}) };
  const parts = { ...PARTS, ...fakePool({ open }), paths, catalog } as unknown as Parameters<typeof passUpstream>[0];
  const outcome = deferred<Error>();
  const unexpected = () => expect.unreachable('it was answered');
  passUpstream(parts, { ...CALL, listener: { bytes: unexpected, value: unexpected, failed: outcome.resolve } });
  expect((await outcome.promise).message).toBe('out of the workspace');
});

it.each(['pass', 'request'] as const)(
  'who throws at a result is told of a failure, and the call counts once (%s)',
  async (way) => {
    const peer = new RpcPeer((ear) => ({ ...WIRE, sendLine: () => queueMicrotask(() => ear.message(ANSWER)) }), PEER);
    const passing = new Session(peer, { ...PEER, clientInfo: {}, facts: fakeSession().facts });
    const { pool } = fakePool({ open: async () => (way === 'pass' ? passing : fakeSession()) });
    const finished: unknown[] = [];
    const admission = { admit: () => ({ finish: ({ error }: CallOutcome) => finished.push(error) }) };
    const parts = { ...PARTS, pool, admission } as unknown as Parameters<typeof passUpstream>[0];
    const outcome = deferred<Error>();
    const value = () => {
      throw new RangeError('too long to be written');
    };
    passUpstream(parts, { ...CALL, listener: { bytes: value, value, failed: outcome.resolve } });
    expect((await outcome.promise).message).toBe('too long to be written');
    expect(finished).toEqual([undefined]);
  },
);
