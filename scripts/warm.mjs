/** Starts a fresh build as clients will, so that the code cache is there before the first of them comes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT_MS = 20_000;
const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'build', version: '0' } };
const REQUESTS = [
  { jsonrpc: '2.0', id: 1, method: 'initialize', params: client },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} },
  {
    jsonrpc: '2.0',
    id: 3,
    method: 'tools/call',
    params: { name: 'search_mcp_server', arguments: { task_description: 'read a file' } },
  },
  {
    jsonrpc: '2.0',
    id: 4,
    method: 'tools/call',
    params: { name: 'use_tool', arguments: { mcp_tool_name: 'read_file', params: { path: 'a' } } },
  },
];

/** Something that only the SDK answers. */
const UNCOMMON = { jsonrpc: '2.0', id: 5, method: 'resources/list', params: {} };

/** A server with one tool, so that finding and calling are compiled too. */
const SERVER = `
const tool = { name: 'read_file', description: 'Reads a file', inputSchema: { type: 'object', properties: { path: { type: 'string' } } } };
const results = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'build', version: '0' } },
  'tools/list': { tools: [tool] },
  'tools/call': { content: [{ type: 'text', text: 'done' }] },
};
require('node:readline').createInterface(process.stdin).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id === undefined) return;
  const answer = results[method] ? { result: results[method] } : { error: { code: -32601, message: 'unknown' } };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
});`;

/** Never fails a build: without a cache the first start of each command is slower, and that is all. */
export async function warm(bin) {
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-build-'));
  try {
    const config = join(folder, 'tooldex.json');
    const server = join(folder, 'server.cjs');
    await writeFile(server, SERVER);
    await writeFile(config, JSON.stringify({ servers: { build: { command: process.execPath, args: [server] } } }));
    const args = ['--config', config, '--data-dir', join(folder, 'data')];
    await start([bin, 'index', ...args]).ended;
    await warmStdio([bin, 'stdio', ...args]);
    await warmServe([bin, 'serve', ...args]);
    await start([bin, 'search', 'read a file', ...args]).ended;
  } catch (error) {
    process.stderr.write(`build: no code cache yet (${error.message})\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A program that is killed when it takes too long; `ended` rejects unless it ends well. */
function start(args) {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' });
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').resume();
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`${args.slice(1).join(' ')} ended with ${code}`);
  });
  ended.catch(() => {});
  return { child, ended };
}

async function warmStdio(args) {
  const { child, ended } = start(args);
  let answered = 0;
  child.stdout.on('data', (chunk) => {
    answered += chunk.split('\n').length - 1;
    if (answered >= REQUESTS.filter(({ id }) => id).length) child.stdin.end();
  });
  for (const request of REQUESTS) child.stdin.write(`${JSON.stringify(request)}\n`);
  await ended;
}

async function warmServe(args) {
  const { child, ended } = start([...args, '--port', '0']);
  const url = await Promise.race([printedUrl(child), ended]);
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  for (const request of [...REQUESTS, UNCOMMON]) {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) });
    await answer.text();
  }
  child.kill('SIGTERM');
  await ended;
}

function printedUrl(child) {
  let text = '';
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const url = /http:\S+\/mcp\b/.exec(text)?.[0];
      if (url) resolve(url);
    });
  });
}
