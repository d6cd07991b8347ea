/** What an agent sees before it does anything: three tools and the instructions, the same for a process's whole life. */
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import type { JsonObject } from '../stdx/json.ts';
import { cap, plainLine } from './third-party-text.ts';
import { estimateTokens } from './tokens.ts';

export interface Menu {
  readonly tools: readonly ToolDefinition[];
  readonly instructions: string;
}

export interface MenuServer {
  readonly name: string;
  readonly description: string;
}

/** The whole menu costs at most 550 tokens (o200k); the fixed part some 405 of them. */
const CONTENTS_TOKENS_MAX = 130;
/** Hosts cut instructions at about 2 KB. */
const INSTRUCTIONS_TOKENS_MAX = 350;

export function buildMenu(servers: readonly MenuServer[]): Menu {
  return {
    tools: [searchTool(contents(servers, CONTENTS_TOKENS_MAX)), ADD_TOOL, USE_TOOL],
    instructions: `${INSTRUCTIONS} ${contents(servers, INSTRUCTIONS_TOKENS_MAX)}`,
  };
}

/** The same menu, whose instructions begin with what it is for. */
export function withPurpose(menu: Menu, purpose: string): Menu {
  return purpose === ''
    ? menu
    : { ...menu, instructions: `${cap(purpose, PURPOSE_CHARACTERS_MAX)} ${menu.instructions}` };
}

const PURPOSE_CHARACTERS_MAX = 500;

const INSTRUCTIONS =
  'Tooldex holds the tools of many MCP servers. Before you say that you cannot do something, or fall back to a shell, ' +
  'search_mcp_server for a tool that does it, then call it with use_tool. Servers start by themselves.';

/** Names with a few words each while they fit, then names only, then a count. */
function contents(servers: readonly MenuServer[], tokensMax: number): string {
  if (servers.length === 0) return 'No servers are configured yet.';
  for (const charactersMax of [60, 40, 25, 0]) {
    const all = listing(servers, servers.length, charactersMax);
    if (estimateTokens(all) <= tokensMax) return all;
  }
  let shown = servers.length;
  while (shown > 1 && estimateTokens(listing(servers, shown, 0)) > tokensMax) shown = Math.floor(shown * 0.9);
  return listing(servers, shown, 0);
}

function listing(servers: readonly MenuServer[], shown: number, charactersMax: number): string {
  const words = servers.slice(0, shown).map(({ name, description }) => {
    const about = charactersMax > 0 ? phrase(description, charactersMax) : '';
    return about ? `${plainLine(name)} (${about})` : plainLine(name);
  });
  const more = shown < servers.length ? ` and ${servers.length - shown} more` : '';
  return `Servers: ${words.join(', ')}${more}.`;
}

const phrase = (description: string, charactersMax: number) =>
  cap(description.split(/[.:;(]/)[0] ?? '', charactersMax).replace(/[.…]+$/, '');

function searchTool(servers: string): ToolDefinition {
  return tool('search_mcp_server', {
    description: `Find tools for a task. Say what KIND of tool you need, one task a search. Answers with tools, schemas and server states; starts nothing. Signatures read like TypeScript, rules in <> or /* */. ${servers}`,
    properties: {
      task_description: { type: 'string', description: 'what the tool should do, in English if you can' },
      key_words: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        description: 'words to weigh more',
      },
      server: { type: 'string', description: 'search only this server' },
      limit: { type: 'integer', default: 5 },
      detail: { enum: ['auto', 'names', 'signatures', 'schemas'] },
      max_tokens: { type: 'integer', default: 1000 },
    },
    required: ['task_description'],
    annotations: { readOnlyHint: true, openWorldHint: false },
  });
}

const ADD_TOOL = tool('add_mcp_server', {
  description: 'Install and list a server; needed only for servers that a search shows as "not added" or "failing".',
  properties: {
    mcp_server_name: { type: 'string' },
    config: { type: 'object', description: 'command or url of a new server, where allowed' },
    wait_ms: { type: 'integer' },
  },
  required: ['mcp_server_name'],
  annotations: { destructiveHint: false },
});

const USE_TOOL = tool('use_tool', {
  description: 'Call a tool that search_mcp_server found. Its server starts by itself.',
  properties: {
    mcp_server_name: { type: 'string' },
    mcp_tool_name: { type: 'string' },
    params: { type: 'object', description: "the tool's arguments" },
  },
  required: ['mcp_tool_name'],
  annotations: {},
});

interface ToolParts {
  readonly description: string;
  readonly properties: JsonObject;
  readonly required: string[];
  readonly annotations: JsonObject;
}

function tool(name: string, { description, properties, required, annotations }: ToolParts): ToolDefinition {
  const inputSchema = { type: 'object', properties, required };
  return { name, description, inputSchema, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
}
