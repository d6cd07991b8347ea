/**
 * Counts what a catalog costs an agent's context: every server's own `tools/list`, against the menu of three tools and
 * the answers of searches. Asks a gateway of its own over HTTP, as clients do.
 * usage: node scripts/run.mjs bench/menu-tokens.ts [--config FILE] [--data-dir FOLDER] [--json]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    'data-dir': { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** Of any catalog; answers of searches that find little are as long as those that find the right tool. */
const TASKS = [
  'read a text file',
  'list what is in a folder',
  'replace a line in a file',
  'find files by name',
  'commit my changes',
  'show what changed since the last commit',
  'create a branch',
  'who wrote this line',
  'remember a fact about a person',
  'what do you know about this project',
  'think step by step about a hard problem',
  'fetch a web page as markdown',
  'get the transcript of a video',
  'current documentation of a library',
  'open a web page and click a button',
  'fill in a form',
  'take a screenshot',
  'add two numbers',
  'send an e-mail',
  'order a pizza',
] as const;

interface Result {
  readonly tools?: readonly unknown[];
  readonly instructions?: string;
  readonly content?: readonly { readonly text?: string }[];
}

async function ask(url: string, method: string, params: object = {}): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: Result; error?: { message: string } };
  if (!result) throw new Error(`${method} at ${url}: ${error?.message}`);
  return result;
}

const tokensOf = (value: unknown) => countTokens(JSON.stringify(value));

async function countServer(url: string, server: string) {
  const { tools = [] } = await ask(`${url}/${server}`, 'tools/list');
  return { server, tools: tools.length, tokens: tokensOf(tools) };
}

async function countAnswers(url: string): Promise<number[]> {
  const counts: number[] = [];
  for (const task_description of TASKS) {
    const given = { name: 'search_mcp_server', arguments: { task_description } };
    const { content = [] } = await ask(url, 'tools/call', given);
    counts.push(countTokens(content.map(({ text = '' }) => text).join('\n')));
  }
  return counts.sort((a, b) => a - b);
}

async function count(url: string, servers: readonly string[]) {
  const rows = [];
  for (const server of servers) rows.push(await countServer(url, server));
  const { tools = [] } = await ask(url, 'tools/list');
  const clientInfo = { name: 'menu-tokens', version: '0' };
  const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const { instructions = '' } = await ask(url, 'initialize', opening);
  const answers = await countAnswers(url);
  const at = (share: number) => answers[Math.ceil(share * answers.length) - 1] ?? 0;
  return {
    servers: rows,
    direct: { tools: sum(rows.map((row) => row.tools)), tokens: sum(rows.map((row) => row.tokens)) },
    menu: { tools: tools.length, tokens: tokensOf(tools), instructions: countTokens(instructions) },
    answers: { searches: answers.length, median: at(0.5), p95: at(0.95), max: at(1) },
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

function report({ servers, direct, menu, answers }: Awaited<ReturnType<typeof count>>): void {
  for (const { server, tools, tokens } of servers) console.log(`${server}: ${tools} tools, ${tokens} tokens`);
  console.log(`all of them, listed directly: ${direct.tools} tools, ${direct.tokens} tokens`);
  console.log(`the menu of Tooldex: ${menu.tools} tools, ${menu.tokens} tokens (instructions: ${menu.instructions})`);
  console.log(
    `an answer to a search: median ${answers.median}, p95 ${answers.p95}, at most ${answers.max} tokens (${answers.searches} searches)`,
  );
  const searches = Math.floor((direct.tokens - menu.tokens - menu.instructions) / answers.median);
  console.log(`the direct listing costs as much as the menu and ${searches} searches`);
}

const flags = (['config', 'data-dir'] as const).flatMap((name) => (values[name] ? [`--${name}`, values[name]] : []));
const run = (args: readonly string[], error: 'inherit' | 'ignore' = 'inherit') =>
  spawn(process.execPath, ['dist/main.cjs', ...args, ...flags], { stdio: ['ignore', 'pipe', error] });

async function serverNames(): Promise<string[]> {
  let text = '';
  for await (const chunk of run(['list', '--json'], 'ignore').stdout ?? []) text += chunk;
  if (text === '') throw new Error('no servers; try: node dist/main.cjs list');
  return (JSON.parse(text) as { servers: { server: string }[] }).servers.map(({ server }) => server);
}

const names = await serverNames();
const gateway = run(['serve', '--port', '0'], 'ignore');
try {
  const lines = createInterface({ input: gateway.stdout ?? process.stdin });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = / at (http\S+)$/.exec(line)?.[1];
      if (found) resolve(found);
    });
    lines.once('close', () => reject(new Error('the gateway ended; try: node dist/main.cjs serve --port 0')));
  });
  const counted = await count(url, names);
  if (values.json) console.log(JSON.stringify(counted));
  else report(counted);
} finally {
  gateway.kill('SIGTERM');
}
