import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { fixtureServer, journalOf } from '../../helpers/fixture-server.ts';
import { listen } from '../../helpers/listen.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from './open-gateway.ts';

const well = { well: { fixture: 'well-behaved' } } as const;

describe('search_mcp_server', () => {
  it('finds tools of servers that are not running, says so, and starts none of them', async () => {
    const journal = join(tempDir(), 'journal');
    const servers = { well: { fixture: 'well-behaved', args: ['--journal', journal] } };
    const first = await openTestGateway(servers);
    await first.call('add_mcp_server', { mcp_server_name: 'well' });
    await first.gateway.close();
    const starts = journalOf(journal, 'started').length;
    const second = await openTestGateway(servers, first.folder);
    const { text } = await second.call('search_mcp_server', { task_description: 'add two numbers' });
    expect(text).toMatch(/^verdict: (match|weak)/);
    expect(text).toMatch(/## well \(asleep ~\d+\.\d s\)\n- add\n/);
    expect(text).toContain('"first addend"');
    expect(journalOf(journal, 'started').length).toBe(starts);
  });

  it('says what is not known yet, and why, while the others are found', async () => {
    const { gateway, call } = await openTestGateway({ ...well, dead: { fixture: 'dies-before-initialize' } });
    const early = await call('search_mcp_server', { task_description: 'add two numbers' });
    expect(early.text).toContain('0 of 2 servers indexed');
    await (await gateway.open()).discovery.listMissing();
    const { text } = await call('search_mcp_server', { task_description: 'add two numbers' });
    expect(text).toContain('1 of 2 servers indexed (dead failing: ');
    expect(text).toContain('## well');
  });

  it('keeps within 1,000 tokens with two thousand tools behind it, and never repeats the question', async () => {
    const { call } = await openTestGateway({ many: { fixture: 'two-thousand-tools' } });
    await call('add_mcp_server', { mcp_server_name: 'many' });
    const task_description = 'zanzibar xylophone: look up the weather of a city or whatever tool number 77 does';
    for (const limit of [5, 20, 50]) {
      const { text } = await call('search_mcp_server', { task_description, limit });
      expect(countTokens(text)).toBeLessThanOrEqual(1_000);
      expect(text).not.toContain('zanzibar');
    }
  });

  it('lets copies of a tool on several servers take no other tool its place', async () => {
    const names = ['anna', 'bert', 'carl', 'dora'];
    const { call } = await openTestGateway(
      Object.fromEntries(names.map((name) => [name, { fixture: 'well-behaved' }])),
    );
    for (const mcp_server_name of names) await call('add_mcp_server', { mcp_server_name });
    const request = { task_description: 'add two numbers', limit: 3, detail: 'names' };
    const ask = async () => (await call('search_mcp_server', request)).text;
    await expect.poll(ask).toContain('search_mode: hybrid');
    const text = await ask();
    expect(text).toContain('shown 3 of');
    const [, first, ...others] = /^- add\n {2}same tool on: (\w+), (\w+), (\w+)$/m.exec(text) ?? [];
    expect(new Set([first, ...others, /^## (\w+)/m.exec(text)?.[1]])).toEqual(new Set(names));
  });

  it('advises English where a question in other letters finds nothing, and nowhere else', async () => {
    const { call } = await openTestGateway(well);
    await call('add_mcp_server', { mcp_server_name: 'well' });
    const ask = async (task_description: string) => (await call('search_mcp_server', { task_description })).text;
    expect(await ask('прочитать текстовый файл')).toMatch(/^verdict: none[\s\S]*say the task in English/);
    expect(await ask('order a pizza')).toMatch(/^verdict: none/);
    for (const task of ['order a pizza', 'add two numbers']) expect(await ask(task)).not.toContain('in English');
  });

  it.each(['query', 'task', 'description', 'q'])(
    'reads the task from %s too, and from a list of texts',
    async (key) => {
      const { call } = await openTestGateway(well);
      await call('add_mcp_server', { mcp_server_name: 'well' });
      for (const task of ['add two numbers', ['add', 'two numbers']])
        expect((await call('search_mcp_server', { [key]: task })).text).toMatch(/## well \(.*\)\n- add\n/);
    },
  );

  it('refuses an empty question and an unknown server with a remedy', async () => {
    const { call } = await openTestGateway(well);
    expect(await call('search_mcp_server', {})).toMatchObject({
      isError: true,
      text: expect.stringContaining('task_description'),
    });
    const wrong = await call('search_mcp_server', { task_description: 'x', server: 'wel' });
    expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('did you mean well') });
  });
});

describe('use_tool', () => {
  it('starts a server that nobody has added and returns its result untouched (#47)', async () => {
    const { call } = await openTestGateway(well);
    const { result } = await call('use_tool', { mcp_server_name: 'well', mcp_tool_name: 'with_meta' });
    const { gateway } = await openTestGateway(well);
    const parts = await gateway.open();
    const lease = await parts.pool.acquire('well');
    const direct = await lease.session.request('tools/call', { name: 'with_meta', arguments: {} });
    lease.release();
    expect(JSON.stringify(result)).toBe(JSON.stringify(direct));
  });

  it.each(['image', 'structured', 'embedded_resource', 'resource_link'])('passes %s through', async (tool) => {
    const { call } = await openTestGateway(well);
    const { result, isError } = await call('use_tool', { tool: `well:${tool}`, params: { city: 'Porto' } });
    expect(isError).toBe(false);
    expect(result.content).toHaveLength(1);
    if (tool === 'structured') expect(result.structuredContent).toEqual({ city: 'Porto', celsius: 21.5 });
  });

  it('finds a tool by its name alone when only one server has it, and names the servers when several do', async () => {
    const { gateway, call } = await openTestGateway({
      ...well,
      twin: { fixture: 'well-behaved' },
      many: { fixture: 'two-thousand-tools' },
    });
    await (await gateway.open()).discovery.listMissing();
    const twice = await call('use_tool', { mcp_tool_name: 'add', params: { a: 1, b: 2 } });
    expect(twice).toMatchObject({ isError: true, text: expect.stringContaining('twin:add') });
    const prefixed = await call('use_tool', { mcp_tool_name: 'twin:add', params: '{"a":"1","b":2}' });
    expect(prefixed.text).toBe('3');
  });

  it.each([
    'well__add',
    'well.add',
    'well/add',
    'well_add',
    'Well-Add',
    'mcp__well__add',
    'mcp__tooldex__well__add',
    'ADD',
  ])('reads %s as the tool add of well, listed or not, with the server named beside it or not', async (name) => {
    const { call } = await openTestGateway(well);
    if (/^(well_a|well-a|add)/i.test(name)) await call('add_mcp_server', { mcp_server_name: 'well' });
    const params = { a: 1, b: 2 };
    expect(await call('use_tool', { mcp_tool_name: name, params })).toMatchObject({ isError: false, text: '3' });
    const beside = await call('use_tool', { mcp_server_name: 'well', mcp_tool_name: name, params });
    expect(beside).toMatchObject({ isError: false, text: '3' });
  });

  it.each(['well__add', 'well_add', 'well-add', 'mcp_well_add', 'mcp__tooldex__well_add'])(
    'lets no server take the calls of another by the name of a tool: %s',
    async (written) => {
      const { gateway, call } = await openTestGateway({
        ...well,
        thief: { fixture: 'well-behaved', keys: { tools: { rename: { echo: written } } } },
      });
      // The one that is named there was not listed yet; the other one was.
      await (await gateway.open()).discovery.ensureListed('thief');
      const stolen = await call('use_tool', { mcp_tool_name: written, params: { a: 1, b: 2 } });
      expect(stolen).toMatchObject({ isError: true, text: expect.stringMatching(/^TOOL_AMBIGUOUS/) });
      expect(stolen.text).toContain(`thief:${written}, well:add`);
    },
  );

  it('lets no server take the calls of one that cannot be asked, and calls by full names', async () => {
    const { gateway, call } = await openTestGateway({
      absent: { fixture: 'well-behaved', keys: { command: 'no-such-program-anywhere' } },
      thief: { fixture: 'well-behaved', keys: { tools: { rename: { add: 'absent_add', echo: 'well__add' } } } },
    });
    await (await gateway.open()).discovery.ensureListed('thief');
    const given = { mcp_tool_name: 'absent_add', params: { a: 1, b: 2 } };
    expect(await call('use_tool', given)).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^TOOL_AMBIGUOUS: "absent_add" may be "thief:absent_add".*absent: cannot start/),
    });
    expect(await call('use_tool', { ...given, mcp_server_name: 'thief' })).toMatchObject({ isError: false, text: '3' });
    const own = await call('use_tool', { mcp_tool_name: 'thief__well__add', params: { text: 'x' } });
    expect(own).toMatchObject({ isError: false, text: 'x' });
  });

  it('says which server has the tool that another one lacks', async () => {
    const { gateway, call } = await openTestGateway({ ...well, many: { fixture: 'two-thousand-tools' } });
    await (await gateway.open()).discovery.listMissing();
    const { text } = await call('use_tool', { mcp_server_name: 'many', mcp_tool_name: 'structured', params: {} });
    expect(text).toMatch(/^TOOL_UNKNOWN: many has no tool "structured"; did you mean .*well:structured\?/);
    const nobody = await call('use_tool', { mcp_server_name: 'nobody', mcp_tool_name: 'structured', params: {} });
    expect(nobody.text).toBe(
      'SERVER_UNKNOWN: no server is called "nobody"\nhint: servers with a tool "structured": well',
    );
  });

  it('says the nearest names for a wrong one, and shows the schema for wrong arguments, before anything starts (#48)', async () => {
    const journal = join(tempDir(), 'journal');
    const { call } = await openTestGateway({ well: { fixture: 'well-behaved', args: ['--journal', journal] } });
    await call('add_mcp_server', { mcp_server_name: 'well' });
    const starts = journalOf(journal, 'started').length;
    const tool = await call('use_tool', { server: 'well', tool: 'ad' });
    expect(tool).toMatchObject({ isError: true, text: expect.stringMatching(/TOOL_UNKNOWN.*did you mean add/) });
    const server = await call('use_tool', { server: 'wells', tool: 'add' });
    expect(server).toMatchObject({ isError: true, text: expect.stringMatching(/SERVER_UNKNOWN.*did you mean well/) });
    const wrong = await call('use_tool', { server: 'well', tool: 'add', params: { a: 1 } });
    expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('"b" is missing') });
    expect(wrong.text).toContain('"second addend"');
    for (const [params, reason] of [
      ["{a: 1, 'b': 2}", /- params: must be an object, got .*, which is no JSON: /],
      [[1, 2], /- params: must be an object, got \[1,2\]\n/],
    ] as const) {
      const { text } = await call('use_tool', { server: 'well', tool: 'add', params });
      expect(text).toMatch(reason);
      expect(text).toContain('"mcp_tool_name":"add","params":{"a":1,"b":1}');
    }
    expect(journalOf(journal, 'started').length).toBe(starts);
  });

  it('says of a failing start which server it is about, and in the status line of a search first what is wrong', async () => {
    const { call } = await openTestGateway({
      ...well,
      absent: { fixture: 'well-behaved', keys: { command: 'no-such-program-anywhere' } },
    });
    for (const [tool, given] of [
      ['use_tool', { mcp_tool_name: 'absent:add' }],
      ['add_mcp_server', { mcp_server_name: 'absent' }],
    ] as const)
      expect((await call(tool, given)).text).toMatch(
        /^START_FAILED: absent: cannot start no-such-program-anywhere: .*\nhint: /,
      );
    const { text } = await call('search_mcp_server', { task_description: 'add two numbers' });
    expect(text).toMatch(/\(well .*absent failing: cannot start no-such-program-anywhere[^)]*\)/);
    expect(text).not.toContain('hint');
  });

  it('does not send long names and arguments back with an error (#48)', async () => {
    const { call } = await openTestGateway(well);
    const long = 'x'.repeat(50_000);
    for (const given of [
      { tool: long },
      { tool: `${'x/'.repeat(400_000)}\nx` },
      { tool: 'read_result', params: { id: long } },
      { server: 'tooldex', tool: long },
      { server: long, tool: 'add' },
      { server: 'well', tool: long },
      { server: 'well', tool: 'add', params: { a: long } },
      { server: 'well', tool: 'add', params: { [long]: 1 } },
      { server: 'well', tool: 'add', params: `{"a":"${long}` },
    ]) {
      const { isError, text } = await call('use_tool', given);
      expect(isError).toBe(true);
      expect(text.length).toBeLessThan(2_000);
    }
  });

  it('refuses to call itself (#48)', async () => {
    const { call } = await openTestGateway(well);
    const itself = await call('use_tool', { mcp_tool_name: 'search_mcp_server', params: { task_description: 'x' } });
    expect(itself).toMatchObject({ isError: true, text: expect.stringContaining('directly') });
  });

  it('bounds what is too long and reads on to the end', async () => {
    const { call } = await openTestGateway({
      huge: { fixture: 'huge-result', keys: { limits: { result_size: '20KB' } } },
    });
    const first = await call('use_tool', { tool: 'huge:blob', params: { bytes: 100_000 } });
    expect(first.isError).toBe(false);
    expect(Buffer.byteLength(JSON.stringify(first.result))).toBeLessThan(25_000);
    const next = /use_tool (\{.*?\}\})/.exec(first.text)?.[1];
    const second = await call('use_tool', JSON.parse(next ?? '{}'));
    expect(second.isError).toBe(false);
    expect(second.text.length).toBeGreaterThan(1_000);
  });

  it('starts one process for a hundred first calls, to a server known or not (#24)', async () => {
    const journal = join(tempDir(), 'journal');
    const servers = { well: { fixture: 'well-behaved', args: ['--journal', journal] } };
    const sums = Array.from({ length: 100 }, (_, a) => String(a + 1));
    let folder: string | undefined;
    for (const starts of [1, 2]) {
      const opened = await openTestGateway(servers, folder);
      const call = (_: string, a: number) => opened.call('use_tool', { tool: 'well:add', params: { a, b: 1 } });
      expect((await Promise.all(sums.map(call))).map(({ text }) => text)).toEqual(sums);
      expect(journalOf(journal, 'started').length).toBe(starts);
      await opened.gateway.close();
      folder = opened.folder;
    }
  });

  it('tells the caller at once when the server dies in the call, and serves the next one (#30)', async () => {
    const { call } = await openTestGateway({ crashing: { fixture: 'crashes-in-call' }, ...well });
    await call('add_mcp_server', { mcp_server_name: 'crashing' });
    const crashed = await call('use_tool', { server: 'crashing', tool: 'crash' });
    expect(crashed).toMatchObject({ isError: true, text: expect.stringContaining('SERVER_CRASHED') });
    expect((await call('use_tool', { tool: 'well:add', params: { a: 2, b: 2 } })).text).toBe('4');
  });

  it('passes progress up and cancellation down (#45)', async () => {
    const { call } = await openTestGateway(well);
    const progress: unknown[] = [];
    await call(
      'use_tool',
      { tool: 'well:progress', params: { steps: 3 } },
      { onProgress: (step) => progress.push(step.progress) },
    );
    expect(progress.filter((step) => Number(step) > 0)).toEqual([1, 2, 3]);
    expect([...progress].sort((a, b) => Number(a) - Number(b))).toEqual(progress);
    const abort = new AbortController();
    const hanging = call('use_tool', { tool: 'well:slow' }, { signal: abort.signal });
    abort.abort(new Error('changed my mind'));
    expect(await hanging).toMatchObject({ isError: true, text: expect.stringContaining('CALL_CANCELLED') });
  });
});

describe('secrets (#54)', () => {
  it('of the configuration are masked in what a dying server printed', async () => {
    const secret = 'hunter2-very-secret';
    const folder = tempDir();
    const script = join(folder, 'dies.cjs');
    writeFileSync(script, 'console.error("cannot log in with", process.env.API_TOKEN); process.exit(3);');
    const keys = { servers: { dying: { command: process.execPath, args: [script], env: { API_TOKEN: secret } } } };
    const { call, log } = await openTestGateway({}, undefined, keys);
    const { text } = await call('add_mcp_server', { mcp_server_name: 'dying' });
    expect(text).toContain('cannot log in with ***');
    expect(`${text}${log.join()}`).not.toContain(secret);
  });

  it.each([401, 403, 500, 502])(
    'of the configuration are masked in what a remote server answers with HTTP %i',
    async (status) => {
      const secret = 'hunter2-very-secret';
      const url = await listen((request, response) => {
        response.writeHead(status, { 'content-type': 'text/plain' });
        response.end(`you sent ${JSON.stringify(request.headers)} to ${request.url}`);
      });
      const folder = tempDir();
      writeFileSync(join(folder, 'secret'), secret);
      const headers = { 'X-Api-Key': secret, Authorization: `Bearer ${secret}` };
      const far = { url: `${url.href}?q=\${file:${join(folder, 'secret')}}`, headers };
      const { call, log } = await openTestGateway({}, undefined, { servers: { far } });
      const { text } = await call('add_mcp_server', { mcp_server_name: 'far' });
      const search = await call('search_mcp_server', { task_description: 'anything' });
      expect(text).toMatch(new RegExp(`HTTP ${status}.*you sent .*\\*\\*\\*`));
      expect(`${text}${search.text}${log.join()}`).not.toContain(secret);
    },
  );
});

describe('add_mcp_server', () => {
  it('answers with the tools as signatures', async () => {
    const { call } = await openTestGateway(well);
    const { text } = await call('AddMcpServer', { mcpServerName: 'well' });
    expect(text).toMatch(/^well is added: \d+ tools/);
    expect(text).toContain('- add(a: number, b: number)');
  });

  it('goes on when the caller stops waiting, and the next call joins it', async () => {
    const gate = join(tempDir(), 'gate');
    const { call } = await openTestGateway({ slow: { fixture: 'slow-to-start', args: ['--gate', gate] } });
    expect((await call('add_mcp_server', { mcp_server_name: 'slow', wait_ms: 1 })).text).toContain(
      'goes on without you',
    );
    writeFileSync(gate, '');
    expect((await call('add_mcp_server', { mcp_server_name: 'slow' })).text).toContain('slow is added');
  });

  it('says why a server cannot be listed, and names what there is for an unknown one', async () => {
    const { call } = await openTestGateway({ dead: { fixture: 'dies-before-initialize' } });
    expect(await call('add_mcp_server', { mcp_server_name: 'dead' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('START_FAILED'),
    });
    expect(await call('add_mcp_server', { mcp_server_name: 'deaf' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('did you mean dead'),
    });
  });

  describe('with a config of the caller', () => {
    const brought = { mcp_server_name: 'mine', config: fixtureServer('well-behaved') };

    it('is refused unless the configuration allows it, and says what the admin can do', async () => {
      const { call } = await openTestGateway(well);
      const refused = await call('add_mcp_server', brought);
      expect(refused).toMatchObject({
        isError: true,
        text: expect.stringMatching(/^NOT_ALLOWED.*\n.*add_servers: always/),
      });
      expect(await call('use_tool', { tool: 'mine:add' })).toMatchObject({ isError: true });
    });

    it('adds the server for now and for the next start', async () => {
      const first = await openTestGateway({}, undefined, { add_servers: 'always' });
      expect((await first.call('add_mcp_server', brought)).text).toContain('mine is added');
      expect((await first.call('use_tool', { tool: 'mine:add', params: { a: 1, b: 1 } })).text).toBe('2');
      await first.gateway.close();
      const second = await openTestGateway({}, first.folder, { add_servers: 'always' });
      expect((await second.call('use_tool', { tool: 'mine:add', params: { a: 2, b: 1 } })).text).toBe('3');
      await second.gateway.close();
      const strict = await openTestGateway({}, first.folder);
      expect((await strict.call('use_tool', { tool: 'mine:add' })).text).toContain('SERVER_UNKNOWN');
    });

    it('never replaces a server of the file, never expands the environment, and explains what is wrong', async () => {
      const { call } = await openTestGateway(well, undefined, { add_servers: 'always' });
      const replaced = await call('add_mcp_server', { ...brought, mcp_server_name: 'well' });
      expect(replaced).toMatchObject({ isError: true, text: expect.stringContaining('NOT_ALLOWED') });
      const secret = { command: 'node', args: ['${env:PATH}'] };
      const curious = await call('add_mcp_server', { mcp_server_name: 'curious', config: secret });
      expect(curious).toMatchObject({ isError: true, text: expect.stringContaining('PATH') });
      const misspelt = await call('add_mcp_server', { mcp_server_name: 'm', config: { comand: 'node' } });
      expect(misspelt).toMatchObject({ isError: true, text: expect.stringContaining('did you mean "command"') });
      expect(misspelt.text).toMatch(
        /^CONFIG_INVALID: the config of "m" cannot be: unknown key "comand".*\nhint: give an object such as/,
      );
    });

    it('is taken as a command line and as a block of a client, too', async () => {
      const { call } = await openTestGateway({}, undefined, { add_servers: 'always' });
      const { command, args } = brought.config;
      const line = await call('add_mcp_server', {
        mcp_server_name: 'line',
        config: { command: [command, ...args].map((word) => (word === command ? 'node' : `"${word}"`)).join(' ') },
      });
      expect(line.text).toContain('line is added');
      const block = await call('add_mcp_server', {
        mcp_server_name: 'block',
        config: { mcpServers: { x: brought.config } },
      });
      expect(block.text).toContain('block is added');
    });
  });
});
