/** The smallest MCP server over HTTP. */
import type { RequestListener } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';

/** The listener of an MCP server with one tool, `greet`. */
export function greeter(): RequestListener {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'greeter', version: '1' });
    const inputSchema = fromJsonSchema<{ name: string }>({ type: 'object', properties: { name: { type: 'string' } } });
    server.registerTool('greet', { inputSchema, description: 'Greets a person by name' }, async ({ name }) => ({
      content: [{ type: 'text', text: `Hello, ${name}` }],
    }));
    return server;
  });
  return toNodeHandler(handler);
}
