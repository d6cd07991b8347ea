/** Calls whose results pass as bytes, against the same calls as they are waited for: told, noted and sent alike. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { GiveUp, PassedBy } from '../../../src/meta-tools/parts.ts';
import { ERROR_CODE_KEY } from '../../../src/meta-tools/register.ts';
import { LOCAL } from '../../../src/policy/principal.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { fromByteText } from '../../../src/stdx/json-cursor.ts';
import { journalOf } from '../../helpers/fixture-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway, type TestGateway } from './open-gateway.ts';

type Told = { readonly as: 'bytes' | 'value'; readonly result: JsonObject } | { readonly as: 'failure'; error: Error };

/** Undefined where only `call` will do. */
function passed(pass: (by: PassedBy) => GiveUp | undefined, who: Partial<PassedBy> = {}) {
  let giveUp: GiveUp | undefined;
  const told = new Promise<Told>((tell) => {
    giveUp = pass({
      principal: LOCAL,
      ...who,
      listener: {
        bytes: ({ result }) => tell({ as: 'bytes', result: JSON.parse(fromByteText(result)) as JsonObject }),
        value: (result) => tell({ as: 'value', result }),
        failed: (error) => tell({ as: 'failure', error }),
      },
    });
  });
  return giveUp && { giveUp, told };
}

const USE = 'use_tool';
const given = (tool: string, params: JsonObject = {}, server = 'well'): JsonObject => ({
  mcp_server_name: server,
  mcp_tool_name: tool,
  params,
});

/** Twice, so that servers run and schemas are compiled. */
async function open(servers: Parameters<typeof openTestGateway>[0], keys: JsonObject = {}) {
  const opened = await openTestGateway(servers, undefined, keys);
  for (const server of Object.keys(servers)) await opened.call('add_mcp_server', { mcp_server_name: server });
  return opened;
}

const TRACE = { traceparent: '00-é', own: 1 };
const well = { well: { fixture: 'well-behaved' } } as const;
/** How long it took is another each time. */
const linesOf = ({ log }: TestGateway, from = 0) => log.slice(from).map((line) => line.replace(/ \d+ ms /, ' '));

describe('a call of use_tool that passes as bytes', () => {
  it.each<[string, { as: 'bytes' | 'value'; asked: JsonObject; meta?: JsonObject }]>([
    ['a result', { as: 'bytes', asked: given('add', { a: 1, b: 2 }) }],
    ['text beyond ASCII', { as: 'bytes', asked: given('echo', { text: 'é😀\u2028"\\' }) }],
    ['the names in one', { as: 'bytes', asked: { tool: 'well:add', args: { a: 1, b: 2 } } }],
    ['structured content', { as: 'bytes', asked: given('structured', { city: 'Porto' }) }],
    ['trace context, and nothing else that the client says', { as: 'bytes', asked: given('with_meta'), meta: TRACE }],
    ['an error of the tool', { as: 'bytes', asked: given('fail', { message: 'no' }) }],
    ['an error of JSON-RPC', { as: 'value', asked: given('rpc_error', { code: -32000 }) }],
    ['a result that is too long', { as: 'value', asked: given('blob', { bytes: 60_000 }, 'huge') }],
  ])('tells and notes the same: %s', async (_, { as, asked, meta }) => {
    const opened = await open({
      ...well,
      huge: { fixture: 'huge-result', keys: { limits: { result_size: '20KB' } } },
    });
    const context = meta ? { meta } : {};
    await opened.call(USE, asked, context);
    const first = opened.log.length;
    const called = await opened.call(USE, asked, context);
    const second = opened.log.length;
    const told = await passed((by) => opened.gateway.calls.pass(USE, asked, by), context)?.told;
    expect(told?.as).toBe(as);
    const withoutIds = (value: unknown) => JSON.stringify(value).replaceAll(/\\"id\\":\\"[\w-]{12}\\"/g, '');
    expect(withoutIds(told && 'result' in told && told.result)).toBe(withoutIds(called.result));
    expect(second).toBeGreaterThan(first);
    expect(linesOf(opened, second)).toEqual(linesOf(opened, first).slice(0, second - first));
  });

  it.each<[string, JsonObject]>([
    ['a server of nobody', given('add', { a: 1, b: 2 }, 'other')],
    ['a tool of nobody', given('ad', { a: 1, b: 2 })],
    ['arguments that do not fit', given('add', { a: 1 })],
    ['arguments that can be mended', given('add', { a: '1', b: 2 })],
    ['a tool of Tooldex', { mcp_tool_name: 'search_mcp_server', params: {} }],
    ['what is kept of results', { mcp_server_name: 'tooldex', mcp_tool_name: 'read_result', params: { id: 'x' } }],
    ['no tool', {}],
  ])('is left to those who wait: %s', async (_, asked) => {
    const opened = await open(well);
    await opened.call(USE, given('add', { a: 1, b: 2 }));
    const { log } = opened;
    const before = log.length;
    expect(passed((by) => opened.gateway.calls.pass(USE, asked, by))).toBeUndefined();
    expect(log.length).toBe(before);
  });

  it('is given up as every call is, and its server told (#45)', async () => {
    const journal = join(tempDir(), 'journal');
    const opened = await open({ well: { fixture: 'well-behaved', args: ['--journal', journal] } });
    const asked = given('wait', { file: join(tempDir(), 'never') });
    const abort = new AbortController();
    const waiting = opened.call(USE, asked, { signal: abort.signal });
    await expect.poll(() => journalOf(journal, 'waiting').length).toBe(1);
    abort.abort(new Error('enough'));
    const called = await waiting;
    const [line] = linesOf(opened, opened.log.length - 1);
    const call = passed((by) => opened.gateway.calls.pass(USE, asked, by));
    await expect.poll(() => journalOf(journal, 'waiting').length).toBe(2);
    call?.giveUp(new Error('enough'));
    expect(await call?.told).toEqual({ as: 'value', result: called.result });
    expect(called.result._meta).toEqual({ [ERROR_CODE_KEY]: 'CALL_CANCELLED' });
    expect(linesOf(opened).at(-1)).toBe(line);
    await expect.poll(() => journalOf(journal, 'wait-cancelled').length).toBe(2);
  });

  it('hears of progress', async () => {
    const opened = await open(well);
    const asked = given('progress', { steps: 3 });
    await opened.call(USE, asked);
    const steps: unknown[] = [];
    const onProgress = (step: JsonObject) => steps.push(step);
    const told = await passed((by) => opened.gateway.calls.pass(USE, asked, by), { onProgress })?.told;
    expect(told?.as).toBe('bytes');
    const step = (progress: number) => ({ progress, total: 3, message: `step ${progress}` });
    expect(steps).toEqual([step(1), step(2), step(3)]);
  });

  it('is refused beyond the limits, with the code of that (#46)', async () => {
    const opened = await open(well, { limits: { rate: '2/day' } });
    const asked = given('add', { a: 1, b: 2 });
    await opened.call(USE, asked);
    const tell = () => passed((by) => opened.gateway.calls.pass(USE, asked, by))?.told;
    expect(await tell()).toMatchObject({ as: 'bytes' });
    expect(await tell()).toMatchObject({ as: 'value', result: { _meta: { [ERROR_CODE_KEY]: 'RATE_LIMITED' } } });
  });

  it('starts a server that is not up, and tells how that goes (#27)', async () => {
    const opened = await open(well);
    const asked = given('add', { a: 1, b: 2 });
    await opened.call(USE, asked);
    const { pool } = await opened.gateway.open();
    await pool.stop('well', 'for the test');
    const told = await passed((by) => opened.gateway.calls.pass(USE, asked, by))?.told;
    expect(told).toMatchObject({ as: 'bytes', result: { content: [{ text: '3' }] } });
  });

  it('tells why a server does not start', async () => {
    const opened = await open(well);
    const asked = given('add', { a: 1, b: 2 });
    await opened.call(USE, asked);
    await (await opened.gateway.open()).pool.close();
    const told = await passed((by) => opened.gateway.calls.pass(USE, asked, by))?.told;
    const { result } = await opened.call(USE, asked);
    expect(result._meta).toEqual({ [ERROR_CODE_KEY]: 'SHUTTING_DOWN' });
    expect(told).toEqual({ as: 'value', result });
  });

  it('waits for its place, and is given up there too (#45)', async () => {
    const [folder, journal] = [tempDir(), join(tempDir(), 'journal')];
    const gate = join(folder, 'gate');
    const keys = { limits: { concurrency: 1 } };
    const opened = await open({ well: { fixture: 'well-behaved', args: ['--journal', journal], keys } });
    await opened.call(USE, given('add', { a: 1, b: 2 }));
    writeFileSync(join(folder, 'open'), '');
    await opened.call(USE, given('wait', { file: join(folder, 'open') }));
    const pass = (asked: JsonObject) => passed((by) => opened.gateway.calls.pass(USE, asked, by));
    const first = pass(given('wait', { file: gate }));
    await expect.poll(() => journalOf(journal, 'waiting').length).toBe(2);
    const [second, third] = [pass(given('add', { a: 1, b: 2 })), pass(given('add', { a: 2, b: 2 }))];
    second?.giveUp(new Error('enough'));
    const cancelled = { as: 'value', result: { _meta: { [ERROR_CODE_KEY]: 'CALL_CANCELLED' } } };
    expect(await second?.told).toMatchObject(cancelled);
    writeFileSync(gate, '');
    expect(await first?.told).toMatchObject({ as: 'bytes', result: { content: [{ text: 'waited' }] } });
    expect(await third?.told).toMatchObject({ as: 'bytes', result: { content: [{ text: '4' }] } });
  });

  it.each<[string, string]>([
    ['a result', '"result":{"content":[],"x":DEEP}'],
    ['an error', '"error":{"code":-32000,"message":"no","data":DEEP}'],
    ['an error that is none', '"error":DEEP'],
  ])('fails alone where nobody could write again what is answered: %s', async (_, answer) => {
    const opened = await open(
      { it: { fixture: 'says-anything' } },
      { profiles: { p: { servers: ['it'], exposure: 'direct' } } },
    );
    await opened.call(USE, given('say', {}, 'it'));
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const lines = [`{"jsonrpc":"2.0","id":ID,${answer.replace('DEEP', deep)}}`];
    const asked = given('say', { lines }, 'it');
    const violated = { isError: true, _meta: { [ERROR_CODE_KEY]: 'PROTOCOL_VIOLATION' } };
    expect((await opened.call(USE, asked)).result).toMatchObject(violated);
    const told = passed((by) => opened.gateway.calls.pass(USE, asked, by))?.told;
    expect(await told).toMatchObject({ as: 'value', result: violated });
    const offer = opened.gateway.profiles.require('p');
    const direct = passed((by) => offer.pass?.({ name: 'say', arguments: { lines } }, by))?.told;
    expect(await direct).toMatchObject({ as: 'failure', error: { code: 'PROTOCOL_VIOLATION' } });
    expect((await opened.call(USE, given('say', {}, 'it'))).text).toBe('said');
  });

  it('is cancelled, not broken, in the audit when it is given up while it waits (#45)', async () => {
    const [folder, journal] = [tempDir(), join(tempDir(), 'journal')];
    const file = join(folder, 'audit.jsonl');
    const keys = { limits: { concurrency: 1 } };
    const opened = await open(
      { well: { fixture: 'well-behaved', args: ['--journal', journal], keys } },
      { audit: { file } },
    );
    const [add, wait] = [given('add', { a: 1, b: 2 }), given('wait', { file: join(folder, 'gate') })];
    await opened.call(USE, add);
    const first = opened.call(USE, wait);
    await expect.poll(() => journalOf(journal, 'waiting').length).toBe(1);
    const abort = new AbortController();
    const called = opened.call(USE, add, { signal: abort.signal });
    const call = passed((by) => opened.gateway.calls.pass(USE, add, by));
    await turn();
    abort.abort(new Error('enough'));
    call?.giveUp(new Error('enough'));
    const [{ result }, told] = await Promise.all([called, call?.told]);
    expect(told).toEqual({ as: 'value', result });
    writeFileSync(join(folder, 'gate'), '');
    await first;
    await opened.gateway.close();
    const outcomes = readFileSync(file, 'utf8').matchAll(/"tool":"(\w+)","outcome":"(\w+)"/g);
    expect([...outcomes].map(([, tool, outcome]) => `${tool} ${outcome}`)).toEqual([
      'add ok',
      'add CALL_CANCELLED',
      'add CALL_CANCELLED',
      'wait ok',
    ]);
  });

  it('has the tools listed again when the server says that they have changed, or that it has none of that name (#38)', async () => {
    const tools = join(tempDir(), 'tools.json');
    writeFileSync(tools, JSON.stringify(['old_tool']));
    const opened = await open({ it: { fixture: 'changes-its-tools', args: ['--tools', tools] } });
    const { catalog } = await opened.gateway.open();
    await opened.call(USE, given('old_tool', {}, 'it'));
    await opened.call(USE, given('announce', { times: 0 }, 'it'));
    const listed = async (name: string) => {
      while (!catalog.toolNames('it').includes(name)) await sleep(20);
    };
    writeFileSync(tools, JSON.stringify(['second']));
    const announced = given('announce', { times: 3 }, 'it');
    expect(await passed((by) => opened.gateway.calls.pass(USE, announced, by))?.told).toMatchObject({ as: 'bytes' });
    await listed('second');
    await opened.call(USE, given('second', {}, 'it'));
    writeFileSync(tools, JSON.stringify(['third']));
    const gone = passed((by) => opened.gateway.calls.pass(USE, given('second', {}, 'it'), by));
    expect(await gone?.told).toMatchObject({ as: 'value', result: { isError: true } });
    await listed('third');
  });
});

describe('a call of a tool of a direct profile that passes as bytes', () => {
  const profiles = { p: { servers: ['well'], exposure: 'direct', tools: { rename: { 'well:echo': 'say' } } } };

  it.each<[string, 'bytes' | 'value' | 'failure', JsonObject]>([
    ['a result', 'bytes', { name: 'add', arguments: { a: 1, b: 2 } }],
    ['what the client says besides', 'bytes', { name: 'with_meta', _meta: { own: 'é', progressToken: 7 }, other: 1 }],
    ['no arguments', 'bytes', { name: 'add' }],
    ['an error of JSON-RPC', 'failure', { name: 'rpc_error' }],
  ])('tells the same: %s', async (_, as, params) => {
    const opened = await open(well, { profiles: { p: { servers: ['well'], exposure: 'direct' } } });
    const offer = opened.gateway.profiles.require('p');
    const context = { principal: LOCAL, signal: new AbortController().signal };
    const called = await offer.call(params, context).catch((error: Error) => error.message);
    const told = await passed((by) => offer.pass?.(params, by))?.told;
    expect(told?.as).toBe(as);
    expect(told && ('error' in told ? told.error.message : told.result)).toEqual(called);
  });

  it('goes by the name that the profile gives', async () => {
    const offer = (await open(well, { profiles })).gateway.profiles.require('p');
    const said = passed((by) => offer.pass?.({ name: 'say', arguments: { text: 'x' } }, by));
    expect(await said?.told).toMatchObject({ result: { content: [{ text: 'x' }] } });
    expect(passed((by) => offer.pass?.({ name: 'echo', arguments: { text: 'x' } }, by))).toBeUndefined();
  });

  it('is left to those who wait where a server could read another tool into it', async () => {
    const offer = (await open(well, { profiles })).gateway.profiles.require('p');
    expect(passed((by) => offer.pass?.({ name: 'add', Name: 'fail' }, by))).toBeUndefined();
    expect(passed((by) => offer.pass?.({ name: 'add', _meta: { Progresstoken: 1 } }, by))).toBeUndefined();
  });
});
