/** Which era a server speaks, decided against servers that answer in every order, and a clock moved by hand. */
import { describe, expect, it } from 'vitest';
import { negotiate } from '../../../src/bridge/negotiate.ts';
import { RpcPeer } from '../../../src/bridge/rpc-peer.ts';
import { exitedOnProbe } from '../../../src/bridge/server-errors.ts';
import type { Era } from '../../../src/bridge/upstream-session.ts';
import { GatewayError } from '../../../src/errors.ts';
import type { Json, JsonObject } from '../../../src/stdx/json.ts';
import { fakeClock, settled } from '../../helpers/fake-clock.ts';

const modern = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
const legacy = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'old' } };

function setUp(eraHint?: Era) {
  const sent: JsonObject[] = [];
  const clock = fakeClock();
  const wire = {
    hasStreamPerRequest: false,
    cancelsByStream: false,
    send: (message: JsonObject) => void sent.push(message),
    useVersion() {},
    async close() {},
  };
  const peer = new RpcPeer(() => wire, { server: 's', clock });
  const stop = new AbortController();
  const options = { server: 's', clientInfo: { name: 't' }, eraHint, probeTimeoutMs: 1500, clock, signal: stop.signal };
  const facts = negotiate(peer, options);
  facts.catch(() => {});
  const idOf = (method: string) => sent.findLast((message) => message.method === method)?.id;
  return {
    peer,
    clock,
    facts,
    stop,
    methods: () => sent.map(({ method }) => method),
    result: (method: string, result: JsonObject) => peer.message({ jsonrpc: '2.0', id: idOf(method), result }),
    refuse: (method: string, code = -32601, data?: Json) =>
      peer.message({
        jsonrpc: '2.0',
        id: idOf(method),
        error: { code, message: 'no', ...(data === undefined ? {} : { data }) },
      }),
  };
}

describe('negotiate', () => {
  it('#42 takes a modern server at its word', async () => {
    const { facts, result, methods, clock } = setUp();
    result('server/discover', modern);
    expect(await facts).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28' });
    expect(methods()).toEqual(['server/discover']);
    expect(clock.waiting).toBe(0);
  });

  it.each([-32601, -32602, -32600, -32001, -32022])('#42 takes a refusal (%i) for an older server', async (code) => {
    const { facts, refuse, result, methods } = setUp();
    refuse('server/discover', code);
    await settled();
    result('initialize', legacy);
    expect(await facts).toMatchObject({ era: 'legacy', protocolVersion: '2025-06-18', serverInfo: { name: 'old' } });
    expect(methods()).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
  });

  it('#42 asks once more when the refusal offers the very version that was asked for', async () => {
    const { facts, refuse, result, methods } = setUp();
    refuse('server/discover', -32022, { supported: ['2026-07-28'], requested: '2026-07-28' });
    await settled();
    result('server/discover', modern);
    expect(await facts).toMatchObject({ era: 'modern' });
    expect(methods()).toEqual(['server/discover', 'server/discover']);
  });

  it('#42 asks the old question too when the new one stays unanswered', async () => {
    const { facts, result, methods, clock } = setUp();
    await clock.advance(1499);
    expect(methods()).toEqual(['server/discover']);
    await clock.advance(1);
    result('initialize', legacy);
    expect((await facts).era).toBe('legacy');
    expect(methods()).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
  });

  it('#42 does not mistake a slow modern server', async () => {
    const { facts, result, refuse, methods, clock } = setUp();
    await clock.advance(5000);
    result('server/discover', modern);
    refuse('initialize', -32022);
    expect((await facts).era).toBe('modern');
    expect(methods(), 'what was asked in vain is not even cancelled').toEqual(['server/discover', 'initialize']);
  });

  it('#42 waits longer for a server that was modern last time, but not for ever', async () => {
    const { facts, result, methods, clock } = setUp('modern');
    await clock.advance(8999);
    expect(methods()).toEqual(['server/discover']);
    await clock.advance(1);
    result('initialize', legacy);
    expect((await facts).era).toBe('legacy');
  });

  it('#42 does not wait for a slow server to answer both', async () => {
    const { facts, result, refuse, clock } = setUp();
    await clock.advance(5000);
    refuse('server/discover');
    result('initialize', legacy);
    expect((await facts).era).toBe('legacy');
  });

  it('asks again the new way when a server that was legacy refuses initialize', async () => {
    const { facts, refuse, result, methods } = setUp('legacy');
    expect(methods()).toEqual(['initialize']);
    refuse('initialize', -32022);
    await settled();
    result('server/discover', modern);
    expect((await facts).era).toBe('modern');
  });

  it('tells the refusal when a server wants neither', async () => {
    const { facts, refuse } = setUp('legacy');
    refuse('initialize', -32000);
    await settled();
    refuse('server/discover');
    await expect(facts).rejects.toMatchObject({ code: 'UPSTREAM_ERROR', data: { rpc: { code: -32000 } } });
  });

  it('#1 knows a server that died of the new question from one that died later', async () => {
    const early = setUp();
    early.peer.ended(new GatewayError('SERVER_CRASHED', 'gone'));
    expect(await early.facts.catch(exitedOnProbe)).toBe(true);
    const late = setUp();
    late.refuse('server/discover');
    await settled();
    late.peer.ended(new GatewayError('SERVER_CRASHED', 'gone'));
    expect(await late.facts.catch(exitedOnProbe)).toBe(false);
  });

  it('ends with the reason of whoever gives up, and leaves nothing waiting', async () => {
    const { facts, stop, clock } = setUp();
    stop.abort(new GatewayError('START_TIMEOUT', 'too slow'));
    await expect(facts).rejects.toMatchObject({ code: 'START_TIMEOUT' });
    expect(clock.waiting).toBe(0);
  });

  it('refuses an answer to initialize that names no version', async () => {
    const { facts, result } = setUp('legacy');
    result('initialize', { capabilities: {} });
    await settled();
    result('server/discover', {});
    await expect(facts).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });
});
