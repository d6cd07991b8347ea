/** What of a stored tool goes into the search index. */
import { type ToolDocument, toolDocument } from '../../index/tool-document.ts';
import type { ServerListing, StoredTool } from '../catalog/catalog.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import { toolId } from '../catalog/tool-id.ts';

/** By the words that agents see, under the id of its own name; undefined for a tool that nobody can reach. */
export function documentOf(tool: StoredTool, server: KnownServer, listing: ServerListing): ToolDocument | undefined {
  const definition = server.names ? server.names.show(tool.definition) : tool.definition;
  if (!definition) return undefined;
  return toolDocument({
    id: toolId(tool.server, tool.name),
    server: tool.server,
    serverDescription: describeServer(server, listing),
    name: definition.name,
    description: [definition.title, definition.description].filter(Boolean).join('. '),
    inputSchema: definition.inputSchema,
  });
}

/** The admin's words come first; a server's own only stand in for missing ones. */
function describeServer(server: KnownServer, listing: ServerListing | undefined): string {
  const own = listing?.serverInfo.description ?? listing?.serverInfo.title ?? listing?.instructions;
  return server.description || (typeof own === 'string' ? own : '');
}
