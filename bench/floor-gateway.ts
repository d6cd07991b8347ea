/**
 * The yardstick of bench/overhead: the least that a gateway from HTTP to one stdio server can do on node:http, JSON parsed and
 * written both ways. No guard, no limits, no progress: not a product.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const [command = 'node', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
const waiting = new Map<number, (message: Message) => void>();
let nextId = 1;
let outgoing = '';

interface Message {
  id?: unknown;
  method?: string;
  params?: unknown;
  result?: unknown;
}

/** One write a turn of the event loop. */
function send(message: object): void {
  if (outgoing === '') setImmediate(flush);
  outgoing += `${JSON.stringify(message)}\n`;
}

function flush(): void {
  child.stdin.write(outgoing);
  outgoing = '';
}

function ask(message: Message): Promise<Message> {
  const id = nextId++;
  send({ ...message, id });
  return new Promise((resolve) => waiting.set(id, resolve));
}

let pending = '';
child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (pending + chunk).split('\n');
  pending = lines.pop() ?? '';
  for (const line of lines) {
    const message = JSON.parse(line) as Message;
    const resolve = waiting.get(Number(message.id));
    waiting.delete(Number(message.id));
    resolve?.(message);
  }
});

const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'floor', version: '0' } };
const opened = await ask({ method: 'initialize', params: client, ...{ jsonrpc: '2.0' } });
send({ jsonrpc: '2.0', method: 'notifications/initialized' });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
    const answer = message.method === 'initialize' ? opened : await ask(message);
    const body = Buffer.from(JSON.stringify({ ...answer, id: message.id }));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`serves MCP at http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mcp`);
});
