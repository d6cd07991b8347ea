/** The JSON-RPC peer against a wire that a test holds in its hands, and a clock that it moves. */
import { describe, expect, it } from 'vitest';
import { RpcPeer } from '../../../src/bridge/rpc-peer.ts';
import type { SendOptions } from '../../../src/bridge/wire.ts';
import { GatewayError } from '../../../src/errors.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';

function setUp({ hasStreamPerRequest = false, cancelsByStream = false } = {}) {
  const sent: JsonObject[] = [];
  const options: (SendOptions | undefined)[] = [];
  const clock = fakeClock();
  const wire = {
    hasStreamPerRequest,
    cancelsByStream,
    send(message: JsonObject, sendOptions?: SendOptions) {
      sent.push(message);
      options.push(sendOptions);
    },
    useVersion() {},
    async close() {},
  };
  const peer = new RpcPeer(() => wire, { server: 's', clock });
  const answer = (id: unknown, result: unknown = {}) => peer.message({ jsonrpc: '2.0', id, result });
  const progress = (progressToken: unknown, step: number) =>
    peer.message({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: step } });
  return { peer, sent, options, clock, answer, progress };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: GatewayError) => error.code,
  );

describe('progress', () => {
  it('is seen in order and before a result that stands right behind it', async () => {
    const { peer, answer, progress } = setUp();
    const seen: unknown[] = [];
    const call = peer
      .request('tools/call', {}, { onProgress: ({ progress: step }) => seen.push(step) })
      .then(() => seen.push('result'));
    for (const step of [1, 2, 3]) progress(1, step);
    answer(1);
    progress(1, 4);
    await call;
    expect(seen).toEqual([1, 2, 3, 'result']);
  });

  it('that its listener throws at ends the call for the server, too, and leaves no deadline behind', async () => {
    const { peer, sent, clock, progress } = setUp();
    const onProgress = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    const call = peer.request('tools/call', {}, { onProgress, timeoutMs: 1_000 });
    progress(1, 1);
    await expect(call).rejects.toThrow('stack');
    expect(sent.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
    await clock.advance(1_000);
    expect(clock.waiting, 'nothing is due any more').toBe(0);
  });

  it('#19 comes under a token of ours; that of the caller stays at home', async () => {
    const { peer, sent, progress } = setUp();
    const seen: JsonObject[] = [];
    const params = { name: 'x', _meta: { progressToken: 'mine', traceparent: '00' } };
    void peer.request('tools/call', params, { onProgress: (each) => seen.push(each) });
    void peer.request('tools/call', params);
    expect(sent[0]?.params).toEqual({ name: 'x', _meta: { progressToken: 1, traceparent: '00' } });
    expect(sent[1]?.params, 'nobody listens, so none is asked for').toEqual({
      name: 'x',
      _meta: { traceparent: '00' },
    });
    expect(params._meta.progressToken).toBe('mine');
    progress('mine', 1);
    progress('1', 1);
    progress(1, 2);
    expect(seen).toEqual([{ progress: 2 }]);
  });

  it('a listener that throws fails its own call only', async () => {
    const { peer, answer, progress } = setUp();
    const bad = peer.request(
      'a',
      {},
      {
        onProgress: () => {
          throw new Error('listener');
        },
      },
    );
    const good = peer.request('b', {});
    progress(1, 1);
    answer(2, { ok: true });
    await expect(bad).rejects.toThrow('listener');
    await expect(good).resolves.toEqual({ ok: true });
  });
});

describe('deadlines', () => {
  it('#45 progress puts off the timeout, but never beyond the absolute cap', async () => {
    const { peer, sent, clock, progress } = setUp();
    const call = codeOf(peer.request('slow', {}, { timeoutMs: 100, maxTotalMs: 450, onProgress: () => {} }));
    let isOver = false;
    void call.then(() => {
      isOver = true;
    });
    for (let step = 1; step <= 5; step++) {
      await clock.advance(80);
      expect(isOver).toBe(false);
      progress(1, step);
    }
    await clock.advance(49);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(await call).toBe('CALL_TIMEOUT');
    expect(sent.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(clock.waiting).toBe(0);
  });

  it('#45 silence ends a call after the timeout, counted from the last progress', async () => {
    const { peer, clock, progress } = setUp();
    const call = codeOf(peer.request('slow', {}, { timeoutMs: 100, onProgress: () => {} }));
    await clock.advance(60);
    progress(1, 1);
    let isOver = false;
    void call.then(() => {
      isOver = true;
    });
    await clock.advance(99);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(await call).toBe('CALL_TIMEOUT');
  });

  it('#17 #45 an answer that comes too late is dropped and counted', async () => {
    const { peer, clock, answer } = setUp();
    const call = codeOf(peer.request('slow', {}, { timeoutMs: 10 }));
    await clock.advance(10);
    expect(await call).toBe('CALL_TIMEOUT');
    answer(1, { late: true });
    expect(peer.incidents.strayResponses).toBe(1);
    expect(peer.answers).toBe(0);
  });

  it('share one timer, which nobody needs once all are answered', async () => {
    const { peer, clock, answer } = setUp();
    const calls = [1, 2, 3].map((id) => peer.request('quick', { id }, { timeoutMs: 10 * id, maxTotalMs: 100 }));
    expect(clock.waiting).toBe(1);
    for (const id of [1, 2, 3]) answer(id, { ok: id });
    await Promise.all(calls);
    await clock.advance(10);
    expect(clock.waiting).toBe(0);
  });

  it('a shorter one goes before the longer that was there first', async () => {
    const { peer, clock } = setUp();
    const [long, short] = [1000, 10].map((timeoutMs) => codeOf(peer.request('slow', {}, { timeoutMs })));
    await clock.advance(10);
    expect(await short).toBe('CALL_TIMEOUT');
    expect(clock.waiting).toBe(1);
    await clock.advance(990);
    expect(await long).toBe('CALL_TIMEOUT');
  });

  it('leaves no timer and no listener behind when the connection is gone', async () => {
    const { peer, clock, sent, answer } = setUp();
    const abort = new AbortController();
    const call = peer.request('quick', {}, { timeoutMs: 10, maxTotalMs: 20, signal: abort.signal });
    answer(1, { ok: 1 });
    await call;
    peer.ended(new GatewayError('SHUTTING_DOWN', 'bye'));
    expect(clock.waiting).toBe(0);
    abort.abort();
    expect(sent).toHaveLength(1);
  });
});

describe('cancellation', () => {
  it('#45 is told to the server, with the id that it knows', async () => {
    const { peer, sent } = setUp();
    const abort = new AbortController();
    const call = codeOf(peer.request('slow', {}, { signal: abort.signal }));
    abort.abort();
    expect(await call).toBe('CALL_CANCELLED');
    expect(sent.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
  });

  it('sends nothing at all when it was cancelled before', async () => {
    const { peer, sent } = setUp();
    expect(await codeOf(peer.request('slow', {}, { signal: AbortSignal.abort() }))).toBe('CALL_CANCELLED');
    expect(sent).toEqual([]);
  });

  it("keeps the canceller's own reason", async () => {
    const { peer } = setUp();
    const signal = AbortSignal.abort(new GatewayError('SHUTTING_DOWN', 'bye'));
    expect(await codeOf(peer.request('slow', {}, { signal }))).toBe('SHUTTING_DOWN');
  });

  it('ends the stream of the request where that is how it is told', async () => {
    const { peer, sent, options } = setUp({ hasStreamPerRequest: true, cancelsByStream: true });
    const abort = new AbortController();
    const call = codeOf(peer.request('slow', {}, { signal: abort.signal }));
    expect(options[0]?.stream?.signal.aborted).toBe(false);
    abort.abort();
    expect(await call).toBe('CALL_CANCELLED');
    expect(options[0]?.stream?.signal.aborted).toBe(true);
    expect(sent).toHaveLength(1);
  });

  it('a stream that ends without an answer fails its call', async () => {
    const { peer, options, answer } = setUp({ hasStreamPerRequest: true });
    const lost = codeOf(peer.request('a', {}));
    const fine = peer.request('b', {});
    options[0]?.onStreamEnd?.();
    answer(2, { ok: true });
    options[1]?.onStreamEnd?.();
    expect(await lost).toBe('SERVER_CRASHED');
    expect(await fine).toEqual({ ok: true });
  });
});

describe('answers', () => {
  it('#17 go to the call with that very id, once', async () => {
    const { peer, answer } = setUp();
    const calls = [peer.request('a', {}), peer.request('b', {})];
    answer('1', { wrong: 'type' });
    answer(7, { wrong: 'id' });
    answer(null, { wrong: 'null' });
    answer(2, { b: 1 });
    answer(1, { a: 1 });
    answer(1, { again: 1 });
    expect(await Promise.all(calls)).toEqual([{ a: 1 }, { b: 1 }]);
    expect(peer.incidents.strayResponses).toBe(4);
  });

  it('that are errors keep code, message and data', async () => {
    const { peer } = setUp();
    const call = peer.request('a', {});
    const error = { code: -32602, message: 'Unknown tool', data: { tool: 'x' } };
    peer.message({ jsonrpc: '2.0', id: 1, error });
    await expect(call).rejects.toMatchObject({ code: 'UPSTREAM_ERROR', data: { rpc: error } });
  });

  it.each([[5], [null], ['text'], [[1]]])('that are no object (%j) violate the protocol', async (result) => {
    const { peer, answer } = setUp();
    const call = codeOf(peer.request('a', {}));
    answer(1, result);
    expect(await call).toBe('PROTOCOL_VIOLATION');
  });

  it.each([
    [{ level: 'info', msg: 'a log line' }],
    [{ jsonrpc: '1.0', id: 1, result: {} }],
    [{ jsonrpc: '2.0', id: 1 }],
    [{ jsonrpc: '2.0', id: {}, method: 'x' }],
    [42],
    [null],
    [[]],
  ])('%j is no message', (value) => {
    expect(setUp().peer.message(value)).toBe(false);
  });

  it('deep and strange values do no harm', async () => {
    const { peer } = setUp();
    const call = peer.request('a', {});
    const deep = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`);
    peer.message({ jsonrpc: '2.0', method: 'notifications/x', params: { deep } });
    peer.message(JSON.parse('{"jsonrpc":"2.0","id":1,"result":{"__proto__":{"polluted":true}}}'));
    await call;
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('the other side', () => {
  it('#18 is answered: ping with an empty result, what we have not declared with -32601', async () => {
    const { peer, sent } = setUp();
    for (const [id, method] of [
      ['p', 'ping'],
      [1, 'roots/list'],
      [2, 'sampling/createMessage'],
    ]) {
      peer.message({ jsonrpc: '2.0', id, method });
    }
    expect(sent[0]).toEqual({ jsonrpc: '2.0', id: 'p', result: {} });
    expect(sent.slice(1)).toMatchObject([
      { id: 1, error: { code: -32601 } },
      { id: 2, error: { code: -32601 } },
    ]);
  });

  it('is heard by every listener until it stops listening, even if one of them throws', () => {
    const { peer } = setUp();
    const heard: string[] = [];
    peer.onNotification(() => {
      throw new Error('listener');
    });
    const stop = peer.onNotification((method) => heard.push(method));
    peer.message({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    stop();
    peer.message({ jsonrpc: '2.0', method: 'notifications/message' });
    expect(heard).toEqual(['notifications/tools/list_changed']);
    expect(peer.incidents.failedListeners).toBe(2);
  });

  it('ends all calls at once when it is gone, after what it still had to say', async () => {
    const { peer, answer } = setUp();
    const first = peer.request('a', {});
    const second = codeOf(peer.request('b', {}));
    const gone = new GatewayError('SERVER_CRASHED', 'exited with code 1');
    peer.ending(gone);
    expect(await peer.closed).toBe(gone);
    expect(await codeOf(peer.request('c', {}))).toBe('SERVER_CRASHED');
    answer(1, { last: 'word' });
    peer.ended(gone);
    expect(await first).toEqual({ last: 'word' });
    expect(await second).toBe('SERVER_CRASHED');
    await settled();
  });
});
