/** HTTP servers on loopback that end with the test, and the smallest MCP server for them. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';

/** A server on a free port of this machine that ends with the test. */
export async function listen(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

/** The listener of an MCP server with one tool, `greet`. */
export function greeter(): RequestListener {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'greeter', version: '1' });
    const inputSchema = fromJsonSchema<{ name: string }>({ type: 'object', properties: { name: { type: 'string' } } });
    server.registerTool('greet', { inputSchema }, async ({ name }) => ({
      content: [{ type: 'text', text: `Hello, ${name}` }],
    }));
    return server;
  });
  return toNodeHandler(handler);
}
