/** Real agent hosts, from npm, drive the gateway over both front doors; only their model is played by a script. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelTurn, Reply, ToolAnswer } from '../fixtures/scripted-model/model-turn.ts';
import { startScriptedModel } from '../fixtures/scripted-model/scripted-model.ts';
import { claudeCode } from '../helpers/agent-hosts/claude-code.ts';
import { codex } from '../helpers/agent-hosts/codex.ts';
import { unwanted } from '../helpers/agent-hosts/installed-host.ts';
import { opencode } from '../helpers/agent-hosts/opencode.ts';
import { runHost } from '../helpers/agent-hosts/run-host.ts';
import { BIN, runCli, serveGateway } from '../helpers/cli.ts';
import { fixtureServer, journalOf } from '../helpers/fixture-server.ts';
import { connectClient, type Destination } from '../helpers/mcp-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const META_TOOLS = ['add_mcp_server', 'search_mcp_server', 'use_tool'];
const TASK = { task_description: 'add two numbers' };

interface Site {
  readonly folder: string;
  /** Flags that every command gets. */
  readonly flags: readonly string[];
  readonly journal: string;
}

/** A gateway's configuration with 2,016 tools on two servers, nothing of them known yet. */
function makeSite(): Site {
  const folder = tempDir('host');
  const journal = join(folder, 'journal');
  const config = join(folder, 'tooldex.yaml');
  const servers = {
    calculator: fixtureServer('well-behaved', '--journal', journal),
    crowd: fixtureServer('two-thousand-tools'),
  };
  writeFileSync(config, JSON.stringify({ servers }));
  return { folder, flags: ['--config', config, '--data-dir', join(folder, 'data')], journal };
}

async function index({ flags }: Site): Promise<void> {
  const { code, stdout, stderr } = await runCli(['index', ...flags]);
  expect({ code, stderr: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, stderr: '' });
}

/** Searches; misspells the tool that the answer names; spells it right; asks for a picture; tells what it got. */
function agent({ answers }: ModelTurn): Reply {
  const [found, misspelt, sum, picture] = answers;
  if (!found) return { call: 'search_mcp_server', arguments: TASK };
  const use = {
    mcp_server_name: found.text.match(/^## (\S+)/m)?.[1],
    mcp_tool_name: found.text.match(/^- (\w+)/m)?.[1],
  };
  if (!misspelt) return { call: 'use_tool', arguments: { ...use, mcp_tool_name: `${use.mcp_tool_name}s`, params: {} } };
  if (!sum) return { call: 'use_tool', arguments: { ...use, params: { a: 19, b: 23 } } };
  if (!picture) return { call: 'use_tool', arguments: { ...use, mcp_tool_name: 'image' } };
  return { say: `The sum is ${numberIn(sum)}.` };
}

const SEARCHES_MAX = 20;

/** Searches again while the answer says that servers are still being indexed, then calls what it found. */
function patientAgent({ answers }: ModelTurn): Reply {
  const latest = answers.at(-1);
  if (!latest) return { call: 'search_mcp_server', arguments: TASK };
  if (latest.name.endsWith('use_tool')) return { say: `The sum is ${numberIn(latest)}.` };
  const server = latest.text.match(/^## (calculator)/m)?.[1];
  if (server) return { call: 'use_tool', arguments: { mcp_tool_name: `${server}:add`, params: { a: 19, b: 23 } } };
  if (!latest.text.includes('servers indexed') || answers.length === SEARCHES_MAX) return { say: latest.text };
  return { call: 'search_mcp_server', arguments: TASK };
}

/** Hosts may wrap what a tool said, Codex for example says how long it took. */
const numberIn = ({ text }: ToolAnswer) => text.match(/^\d+$/m)?.[0] ?? `not in: ${text}`;

const stdioDoor = ({ flags }: Site): Destination => ({ command: process.execPath, args: [BIN, 'stdio', ...flags] });

async function throughStdio(site: Site, use: (gateway: Destination) => Promise<void>): Promise<void> {
  await use(stdioDoor(site));
}

async function throughHttp({ flags }: Site, use: (gateway: Destination) => Promise<void>): Promise<void> {
  await using gateway = await serveGateway(flags);
  await use(gateway.url);
}

for (const host of [claudeCode, codex, opencode]) {
  describe.skipIf(unwanted(host) !== undefined)(`${host.name} ${host.version}`, () => {
    it.each([
      ['stdio', throughStdio],
      ['HTTP', throughHttp],
    ] as const)('finds a tool and uses it over %s', async (_door, through) => {
      const site = makeSite();
      await index(site);
      await through(site, async (gateway) => {
        const { searched, instructions } = await asPlainClient(gateway);
        await using model = await startScriptedModel('search_mcp_server', agent);
        const prompt = 'What is 19 plus 23?';
        const result = await runHost(host, { folder: site.folder, model: model.url, gateway, prompt });

        expect({ ...result, stderr: '' }).toEqual({
          code: 0,
          stdout: expect.stringContaining('The sum is 42.'),
          stderr: '',
        });
        expect(model.faults).toEqual([]);
        expect(model.turns).toHaveLength(5);
        const [first, , , , last] = model.turns;
        expect(offeredByGateway(first)).toEqual(META_TOOLS);
        const inPrompt = JSON.stringify(instructions).slice(1, -1);
        expect(first?.body.includes(inPrompt), 'the instructions are in the prompt').toBe(true);
        expect(menuBytes(first)).toBeLessThan(MENU_BYTES_MAX);
        expect(offeredByGateway(last), 'the menu stays the same').toEqual(META_TOOLS);
        const [found, misspelt, sum, picture] = last?.answers ?? [];
        expect(found?.text).toContain(firstRecord(searched));
        expect(misspelt?.text).toContain('TOOL_UNKNOWN: calculator has no tool "adds"; did you mean add');
        expect(sum && numberIn(sum)).toBe('42');
        expect(JSON.stringify(picture?.parts)).toContain(PIXEL_BEGINS);
      });
      const starts = journalOf(site.journal, 'started');
      expect(starts, 'once to be indexed, once to be used').toHaveLength(2);
    });
  });
}

describe.skipIf(unwanted(claudeCode) !== undefined)('the very first session', () => {
  it('gets its work done although nothing is known when it begins', async () => {
    const site = makeSite();
    const gateway = stdioDoor(site);
    await using model = await startScriptedModel('search_mcp_server', patientAgent);
    const prompt = 'What is 19 plus 23?';
    const result = await runHost(claudeCode, { folder: site.folder, model: model.url, gateway, prompt });
    expect(model.faults).toEqual([]);
    expect({ ...result, stderr: '' }).toEqual({ code: 0, stdout: 'The sum is 42.\n', stderr: '' });
  });
});

/** What an SDK client gets from the same gateway, to compare with what reaches the host's model. */
async function asPlainClient(gateway: Destination): Promise<{ searched: string; instructions: string }> {
  await using client = await connectClient('v2-legacy', gateway);
  const { content } = await client.callTool('search_mcp_server', TASK);
  return { searched: content[0]?.text ?? 'no text', instructions: client.instructions ?? 'no instructions' };
}

/** The best hit with its schema; the lines around it tell how far indexing has come. */
const firstRecord = (answer: string) => answer.match(/^## .+(?:\n.+)+?(?=\n- |\n\n)/m)?.[0] ?? answer;

/** The same however many tools are behind the gateway: 2,016 definitions would be 500 kB. */
const MENU_BYTES_MAX = 3_500;
const PIXEL_BEGINS = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ';

const isMetaTool = ({ name }: { name: string }) => META_TOOLS.some((tool) => name.endsWith(tool));
const offeredByGateway = (turn: ModelTurn | undefined) => {
  const offered = turn?.tools.filter(({ name, namespace }) => `${namespace}${name}`.includes('tooldex')) ?? [];
  return offered.map((tool) => META_TOOLS.find((name) => tool.name.endsWith(name)) ?? tool.name).sort();
};
const menuBytes = (turn: ModelTurn | undefined) => Buffer.byteLength(JSON.stringify(turn?.tools.filter(isMetaTool)));
