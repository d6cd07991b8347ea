/** A yardstick of bench/overhead: an echo server as the SDK makes one, over HTTP, with nothing in front of it. */
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'sdk-echo', version: '0' });
  const inputSchema = z.object({ text: z.string() });
  server.registerTool('echo', { inputSchema }, ({ text }) => ({ content: [{ type: 'text', text }] }));
  return server;
});
const server = createServer(toNodeHandler(handler)).listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`serves MCP at http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mcp`);
});
