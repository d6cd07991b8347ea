/** Lists a server's tools over all pages, whatever the server does with its cursors. */
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { GatewayError } from '../errors.ts';
import type { Json, JsonObject } from '../stdx/json.ts';
import { isJsonObject } from './rpc-message.ts';

const TOOLS_MAX = 10_000;
const PAGES_MAX = 1_000;

/** Asks `page` until there is no next cursor. Throws PROTOCOL_VIOLATION when that would never end. */
export async function listPages(
  server: string,
  page: (params: JsonObject) => Promise<JsonObject>,
): Promise<ToolDefinition[]> {
  const tools: ToolDefinition[] = [];
  const seen = new Set<string>();
  let next = readPage(server, await page({}), tools);
  while (next !== undefined) {
    if (seen.has(next)) throw violation(server, `repeats the cursor ${JSON.stringify(next)}`);
    if (seen.add(next).size >= PAGES_MAX) throw violation(server, `lists its tools on more than ${PAGES_MAX} pages`);
    next = readPage(server, await page({ cursor: next }), tools);
  }
  return tools;
}

/** Adds the page's tools and gives its next cursor. The empty string is a cursor like any other. */
function readPage(
  server: string,
  { tools: listed, nextCursor }: JsonObject,
  tools: ToolDefinition[],
): string | undefined {
  if (!Array.isArray(listed)) throw violation(server, 'answered tools/list without a list of tools');
  for (const tool of listed) if (isNamed(tool)) tools.push(withSchema(tool));
  if (tools.length > TOOLS_MAX) throw violation(server, `lists more than ${TOOLS_MAX} tools`);
  return typeof nextCursor === 'string' ? nextCursor : undefined;
}

/** What has no name cannot be called; it must not hide the tools beside it. */
function isNamed(tool: Json): tool is JsonObject & { name: string } {
  return isJsonObject(tool) && typeof tool.name === 'string' && tool.name !== '';
}

function withSchema(tool: JsonObject & { name: string }): ToolDefinition {
  const { inputSchema } = tool;
  return { ...tool, inputSchema: isJsonObject(inputSchema) ? inputSchema : { type: 'object' } };
}

function violation(server: string, what: string): GatewayError {
  return new GatewayError('PROTOCOL_VIOLATION', `Server "${server}" ${what}`, {
    hint: 'This is a fault of the server; report it to its authors.',
  });
}
