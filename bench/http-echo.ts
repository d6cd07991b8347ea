/** What bench/bridges puts bridges in front of: the least that a server of MCP over HTTP with one tool can do. */
import { createServer } from 'node:http';

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly protocolVersion?: string; readonly arguments?: { readonly text?: string } };
}

const inputSchema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
const echo = { name: 'echo', description: 'Echoes a text', inputSchema };

function resultOf({ method, params }: Message): object | undefined {
  const serverInfo = { name: 'http-echo', version: '0' };
  if (method === 'initialize')
    return { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo };
  if (method === 'tools/list') return { tools: [echo] };
  if (method === 'tools/call') return { content: [{ type: 'text', text: params?.arguments?.text }] };
  return method === 'ping' ? {} : undefined;
}

const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
    if (message.id === undefined) return void response.writeHead(202).end();
    const result = resultOf(message);
    const answer = result ? { result } : { error: { code: -32601, message: 'Method not found' } };
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`serves MCP at http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mcp`);
});
