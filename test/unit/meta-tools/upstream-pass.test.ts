import { expect, it } from 'vitest';
import type { ByteListener, UpstreamSession } from '../../../src/bridge/upstream-session.ts';
import type { KnownServer } from '../../../src/catalog/server-directory.ts';
import { GatewayError } from '../../../src/errors.ts';
import { type PassedCall, passUpstream } from '../../../src/meta-tools/upstream-pass.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
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
  const dying = {
    session: { ...fakeSession(), pass },
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
    pool: { ...pool, acquire: pool.acquire.bind(pool), acquireNow: () => dying },
    admission: { admit: () => ({ finish() {} }) },
    paths: { confines: () => false, confine: () => undefined },
    catalog: {},
  } as unknown as Parameters<typeof passUpstream>[0];
  const call: PassedCall = {
    door: 'direct',
    server,
    tool: 't',
    params: { text: '{"name":"t"}', meta: '' },
    principal: LOCAL,
    requestId: undefined,
    behalf: undefined,
    envelope: undefined,
    onProgress: undefined,
    onUpstream: undefined,
    listener,
  };
  return { giveUp: passUpstream(parts, call), asked: asked.promise, outcome: outcome.promise };
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
