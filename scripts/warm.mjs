/** Starts a fresh build as clients will, so that the code cache is there before the first of them comes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
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
];

/** Never fails a build: without a cache the first start of each command is slower, and that is all. */
export async function warm(bin) {
  const folder = await mkdtemp(join(tmpdir(), 'tooldex-build-'));
  try {
    const config = join(folder, 'tooldex.yaml');
    await writeFile(config, `servers: {}\nworkspace_root: ${join(folder, 'work')}\n`);
    const args = ['--config', config, '--data-dir', join(folder, 'data')];
    await warmStdio([bin, 'stdio', ...args]);
    await warmServe([bin, 'serve', ...args]);
    await ended(start([bin, 'search', 'read a file', ...args]));
  } catch (error) {
    process.stderr.write(`build: no code cache yet (${error.message})\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start(args) {
  const signal = AbortSignal.timeout(LIMIT_MS);
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' });
}

async function ended(child) {
  child.stdout.resume();
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${child.spawnargs.slice(2).join(' ')} ended with ${code}`);
}

async function warmStdio(args) {
  const child = start(args);
  let answered = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    answered += chunk.split('\n').length - 1;
    if (answered >= REQUESTS.filter(({ id }) => id).length) child.stdin.end();
  });
  child.stdin.on('error', () => {});
  for (const request of REQUESTS) child.stdin.write(`${JSON.stringify(request)}\n`);
  await ended(child);
}

async function warmServe(args) {
  const port = await freePort();
  const child = start([...args, '--port', String(port)]);
  const finished = ended(child);
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  await Promise.race([finished, healthy(`http://127.0.0.1:${port}/healthz`)]);
  for (const request of REQUESTS) {
    const answer = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    });
    await answer.text();
  }
  child.kill('SIGTERM');
  await finished;
}

async function healthy(url) {
  const deadline = Date.now() + LIMIT_MS;
  for (let ok = false; !ok && Date.now() < deadline; ) {
    ok = await fetch(url).then(
      ({ ok: is }) => is,
      () => false,
    );
    if (!ok) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
