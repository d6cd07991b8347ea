/** The bridge on real processes: what servers do on their standard streams, and how they end. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../../src/bridge/open-session.ts';
import { exitedOnProbe } from '../../../src/bridge/server-errors.ts';
import type { GatewayError } from '../../../src/errors.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { failure } from '../../helpers/failure.ts';
import { commandRuntime, type FixtureRuntime, fixtureRuntime } from '../../helpers/fixture-runtime.ts';
import { journaled, journalOf } from '../../helpers/fixture-server.ts';
import { isAlive } from '../../helpers/process-table.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const clientInfo = { name: 'tooldex-test', version: '1.0.0' };

/** A session that ends with the test, and the process behind it. */
async function open(runtime: FixtureRuntime, options: { startTimeoutMs?: number; eraHint?: 'legacy' | 'modern' } = {}) {
  const endpoint = await runtime.launch();
  if (endpoint.kind !== 'stdio') throw new Error('fixtures speak over stdio');
  onTestFinished(() => endpoint.stop('the test is over'));
  const session = await openSession(endpoint, { server: 'fixture', clientInfo, startTimeoutMs: 20_000, ...options });
  return { session, endpoint };
}

const call = (name: string, args: JsonObject = {}): JsonObject => ({ name, arguments: args });
const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

describe('opening', () => {
  it('speaks to servers of the first version', async () => {
    const { session } = await open(fixtureRuntime('speaks-2024-11-05'));
    expect(session.facts).toMatchObject({ era: 'legacy', protocolVersion: '2024-11-05' });
  });

  it('speaks to servers of the modern era, with metadata on each request', async () => {
    const { session } = await open(fixtureRuntime('modern-only'));
    expect(session.facts).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      serverInfo: { name: 'modern-only' },
      instructions: 'A server of the modern era.',
    });
    const result = await session.request('tools/call', call('seen_meta'));
    expect(JSON.parse(String((result.content as { text: string }[])[0]?.text))).toEqual({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': clientInfo,
      'io.modelcontextprotocol/clientCapabilities': {},
    });
  });

  it('finds a modern server in spite of a stale hint, on the same process', async () => {
    const { session } = await open(fixtureRuntime('modern-only'), { eraHint: 'legacy' });
    expect(session.facts.era).toBe('modern');
  });

  it('asks the old way only, when it knows the server', async () => {
    const journal = `${tempDir()}/journal`;
    const { session } = await open(fixtureRuntime('well-behaved', '--journal', journal), { eraHint: 'legacy' });
    await session.listTools();
    const methods = journalOf(journal, 'received').map(({ method }) => method);
    expect(methods.slice(0, 3)).toEqual(['initialize', 'notifications/initialized', 'tools/list']);
  });

  it('tells input that a modern server wants as an error, with the request untouched', async () => {
    const { session } = await open(fixtureRuntime('modern-only'));
    const error = await failure(session.request('tools/call', call('ask_name')));
    expect(error.code).toBe('UPSTREAM_ERROR');
    expect(error.data?.result).toMatchObject({ resultType: 'input_required', requestState: 'asked-name' });
  });

  it.each([
    { how: 'code 0', args: ['--code', '0'], expected: { exitCode: 0, signal: null } },
    { how: 'code 1', args: ['--code', '1'], expected: { exitCode: 1, signal: null } },
    { how: 'a signal', args: ['--signal', 'SIGKILL'], expected: { exitCode: null, signal: 'SIGKILL' } },
  ])(
    '#1 a server that exits with $how before initialize fails at once, with its stderr',
    async ({ args, expected }) => {
      const error = await failure(open(fixtureRuntime('dies-before-initialize', ...args)));
      expect(error.code).toBe('START_FAILED');
      expect(error.data).toMatchObject(expected);
      expect(error.message).toContain('cannot find the API key');
      expect(exitedOnProbe(error)).toBe(true);
    },
  );

  it('#2 a server that never answers is given up in time, and its group killed', async () => {
    const runtime = fixtureRuntime('never-answers');
    const error = await failure(open(runtime, { startTimeoutMs: 700 }));
    expect(error.code).toBe('START_TIMEOUT');
    expect(error.message).toContain('700 ms');
    const [endpoint] = runtime.endpoints;
    await endpoint?.stop('again, to see it gone');
    expect(isAlive(endpoint?.pid ?? 0)).toBe(false);
  });
});

describe('standard output', () => {
  it('#5 noise between the messages is skipped and counted', async () => {
    const { session } = await open(fixtureRuntime('noisy-stdout'));
    expect(await session.request('tools/call', call('echo', { text: 'heard' }))).toEqual(text('heard'));
    expect(session.incidents.noiseLines).toBeGreaterThan(3);
  });

  it('#5 a flood of noise stops the server, while others answer as before', async () => {
    const flood =
      "process.stdout.on('drain', () => more()); const more = () => { while (process.stdout.write('y\\n'.repeat(30000))); }; more();";
    const { session: other } = await open(fixtureRuntime('well-behaved'));
    const flooded = failure(open(commandRuntime({ command: process.execPath, args: ['-e', flood] })));
    let answered = 0;
    let isOver = false;
    void flooded.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await other.request('tools/call', call('echo', { text: 'still here' }));
      answered++;
    }
    expect((await flooded).code).toBe('PROTOCOL_VIOLATION');
    expect(answered).toBeGreaterThan(5);
  });

  it('#6 characters split across chunks, CRLF and a byte order mark arrive as they were meant', async () => {
    const { session } = await open(fixtureRuntime('splits-bytes'));
    const odd = 'é日本😀\u2028\u2029\r\n\ttab';
    expect(await session.request('tools/call', call('echo', { text: odd }))).toEqual(text(odd));
    expect(session.incidents.noiseLines).toBe(0);
  });

  it('#7 a line of 20 MB arrives whole', async () => {
    const { session } = await open(fixtureRuntime('huge-result'));
    const tool = (await session.listTools()).map(({ name }) => name);
    const result = await session.request('tools/call', call(tool[0] ?? '', { bytes: 20_000_000 }));
    expect(JSON.stringify(result).length).toBeGreaterThan(20_000_000);
  });

  it('#7 a line without end stops the server, with the reason', async () => {
    const { session, endpoint } = await open(fixtureRuntime('huge-result'));
    const error = await failure(session.request('tools/call', call('endless')));
    expect(error.code).toBe('PROTOCOL_VIOLATION');
    expect(error.message).toContain('more than 32 MiB');
    await endpoint.exited;
  });

  it('#20 a storm of list_changed is passed on in order and delays no call', async () => {
    const file = `${tempDir()}/tools.json`;
    writeFileSync(file, '[]');
    const { session } = await open(fixtureRuntime('changes-its-tools', '--tools', file));
    let count = 0;
    session.onNotification((method) => {
      if (method === 'notifications/tools/list_changed') count++;
    });
    await session.request('tools/call', call('announce', { times: 10_000 }));
    expect(count).toBe(10_000);
    expect(session.incidents.noiseLines).toBe(0);
  });

  it('#17 answers that nobody waits for reach nobody', async () => {
    const { session } = await open(fixtureRuntime('answers-oddly'));
    expect(await session.request('tools/call', call('unknown_id'))).toEqual(text('own'));
    expect(await session.request('tools/call', call('twice'))).toEqual(text('first'));
    expect(await session.request('tools/call', call('other_type'))).toEqual(text('typed'));
    const abort = new AbortController();
    const cancelled = failure(session.request('tools/call', call('after_cancel'), { signal: abort.signal }));
    // The answer to the next call proves that the server has read the one before.
    await session.request('tools/call', call('echo', { text: 'next' }));
    abort.abort();
    expect((await cancelled).code).toBe('CALL_CANCELLED');
    expect(await session.request('tools/call', call('echo', { text: 'mine' }))).toEqual(text('mine'));
    expect(session.incidents.strayResponses).toBe(4);
  });

  it('#22 a cursor that repeats is an error, and 2,000 tools over pages are a full list', async () => {
    const loop = await open(fixtureRuntime('cursor-loop'));
    expect((await failure(loop.session.listTools())).code).toBe('PROTOCOL_VIOLATION');
    const many = await open(fixtureRuntime('two-thousand-tools'));
    expect(await many.session.listTools()).toHaveLength(2000);
  });

  it('#22 10,000 tools are listed, one more is not', async () => {
    const full = await open(fixtureRuntime('two-thousand-tools', '--count', '10000', '--page-size', '500'));
    expect(await full.session.listTools()).toHaveLength(10_000);
    const over = await open(fixtureRuntime('two-thousand-tools', '--count', '10001', '--page-size', '500'));
    expect((await failure(over.session.listTools())).message).toContain('more than 10000 tools');
  });

  it('#21 tools without a name do not hide the others, and an error of tools/list is told', async () => {
    const odd = await open(fixtureRuntime('lists-invalid-schema'));
    const names = (await odd.session.listTools()).map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(2);
    const broken = await open(fixtureRuntime('list-fails'));
    expect((await failure(broken.session.listTools())).data?.rpc).toMatchObject({ code: expect.any(Number) });
  });
});

describe('standard input and error', () => {
  it('#8 a flood on stderr delays nothing', async () => {
    const { session, endpoint } = await open(fixtureRuntime('floods-stderr'));
    for (let i = 0; i < 20; i++) {
      expect(await session.request('tools/call', call('echo', { text: `${i}` }))).toEqual(text(`${i}`));
    }
    expect(endpoint.stderrTail().join('').length).toBeLessThan(1_000_000);
  });

  it('#9 a server that stops reading costs its callers a timeout, and us no memory', async () => {
    const { session } = await open(fixtureRuntime('stops-reading'));
    await session.request('tools/call', call('stop_reading'));
    const big = 'x'.repeat(4 * 1024 * 1024);
    const codes = new Set<string>();
    for (let i = 0; i < 12; i++) {
      codes.add((await failure(session.request('tools/call', call('echo', { text: big }), { timeoutMs: 60 }))).code);
    }
    expect([...codes].sort()).toEqual(['CALL_TIMEOUT', 'SERVER_BUSY']);
  });

  it('#10 writing to a server that has exited is an error, not a crash', async () => {
    const { session, endpoint } = await open(fixtureRuntime('well-behaved'));
    process.kill(endpoint.pid ?? 0, 'SIGKILL');
    const errors = await Promise.all(
      [1, 2, 3].map(() => failure(session.request('tools/call', call('echo', { text: 'x' })))),
    );
    expect(errors.map(({ code }) => code)).toEqual(['SERVER_CRASHED', 'SERVER_CRASHED', 'SERVER_CRASHED']);
    await session.closed;
    session.notify('notifications/cancelled', { requestId: 1 });
    expect((await failure(session.request('ping', {}))).code).toBe('SERVER_CRASHED');
  });
});

describe('calls', () => {
  it('#18 requests of the server get an answer: ping an empty result, all others a proper refusal', async () => {
    const { session } = await open(fixtureRuntime('well-behaved'));
    const ask = async (method: string) => session.request('tools/call', call('ask_client', { method }));
    expect(await ask('ping')).toEqual(text('{}'));
    for (const method of ['roots/list', 'sampling/createMessage', 'elicitation/create']) {
      const refused = await failure(ask(method));
      expect(refused.data?.rpc).toMatchObject({ message: expect.stringContaining(method) });
    }
  });

  it('#19 callers that use the same progress token get their own progress', async () => {
    const { session } = await open(fixtureRuntime('well-behaved'));
    const steps = [3, 5, 7];
    const seen = await Promise.all(
      steps.map(async (count) => {
        const progress: JsonObject[] = [];
        const params = { ...call('progress', { steps: count }), _meta: { progressToken: 'same' } };
        await session.request('tools/call', params, { onProgress: (each) => progress.push(each) });
        return progress;
      }),
    );
    expect(seen.map((each) => each.length)).toEqual(steps);
    expect(seen[0]?.at(-1)).toEqual({ progress: 3, total: 3, message: 'step 3' });
  });

  it('#30 a crash in a call answers the caller at once, with the exit code and the stderr tail', async () => {
    const { session } = await open(fixtureRuntime('crashes-in-call'));
    const error = await failure(session.request('tools/call', call('crash')));
    expect(error.code).toBe('SERVER_CRASHED');
    expect(error.data).toMatchObject({ stateLost: true });
    expect(error.message).toMatch(/exited with code \d+|was ended by SIG/);
    expect(error.message).toContain('stderr');
  });

  it('#45 a cancellation reaches the server', async () => {
    const dir = tempDir();
    const { session } = await open(fixtureRuntime('well-behaved', '--journal', `${dir}/journal`));
    const abort = new AbortController();
    const waiting = failure(
      session.request('tools/call', call('wait', { file: `${dir}/never` }), { signal: abort.signal }),
    );
    await journaled(`${dir}/journal`, 'waiting');
    abort.abort();
    expect((await waiting).code).toBe('CALL_CANCELLED');
    await journaled(`${dir}/journal`, 'wait-cancelled');
  });

  it('#47 results arrive as they were sent, unknown fields included', async () => {
    const { session } = await open(fixtureRuntime('well-behaved'));
    expect(await session.request('tools/call', call('with_meta'))).toEqual({
      content: [{ type: 'text', text: 'meta', _meta: { 'example.com/part': 1 }, 'x-unknown': [1, null] }],
      _meta: { 'example.com/seen': {}, 'example.com/whole': true },
      'x-unknown': { kept: 'yes' },
    });
    expect(await session.request('tools/call', call('fail', { message: 'no' }))).toEqual({
      ...text('no'),
      isError: true,
    });
    const refused = await failure(session.request('tools/call', call('rpc_error', { code: -32050, message: 'no' })));
    expect(refused.code).toBe('UPSTREAM_ERROR');
    expect(refused.data?.rpc).toEqual({ code: -32050, message: 'no', data: { why: 'asked for' } });
  });

  it('reads what a server said before it exited, even without an end of line', async () => {
    const answerAndExit = `process.stdin.once('data', (line) => {
      const { id } = JSON.parse(String(line).split('\\n')[0]);
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', capabilities: {} } }));
      process.stdout.end();
    })`;
    const { session } = await open(commandRuntime({ command: process.execPath, args: ['-e', answerAndExit] }), {
      eraHint: 'legacy',
    });
    expect(session.facts.protocolVersion).toBe('2025-11-25');
    expect(((await session.closed) as GatewayError).code).toBe('SERVER_CRASHED');
  });
});
