/** `tooldex list`: the servers with their states, or the tools of one. */

import type { MetaToolParts } from '../meta-tools/parts.ts';
import { findServer } from '../meta-tools/resolve-tool.ts';
import { serverState, serverStatus } from '../meta-tools/server-status.ts';
import { signature } from '../meta-tools/signature.ts';
import { type CommonFlags, type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { openGateway } from './open.ts';

export async function list(invocation: Invocation, server: string | undefined, flags: CommonFlags): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    const parts = await gateway.open();
    if (server === undefined) listServers(invocation, parts, flags);
    else listTools(invocation, { parts, server }, flags);
    return 0;
  } finally {
    await gateway.close();
  }
}

function listServers(invocation: Invocation, parts: MetaToolParts, flags: CommonFlags): void {
  const rows = parts.directory.names().map((name) => ({
    server: name,
    status: serverStatus(parts, name),
    ...serverState(parts, name),
    tools: parts.catalog.listing(name)?.toolCount ?? null,
    description: parts.directory.get(name)?.description ?? '',
  }));
  if (flags.json) {
    printJson(invocation, { servers: rows });
    return;
  }
  const width = Math.max(0, ...rows.map((row) => row.server.length));
  for (const { server, status, tools, description } of rows) {
    const about = paint(invocation.stdout, 'dim', description, invocation.env);
    const known = tools === null ? '' : `${count(tools)}, `;
    print(invocation, `${server.padEnd(width)}  ${known}${status}  ${about}`.trimEnd());
  }
  if (rows.some((row) => row.tools === null)) tell(invocation, 'hint: "tooldex index" asks servers for their tools');
}

function listTools(
  invocation: Invocation,
  { parts, server }: { parts: MetaToolParts; server: string },
  flags: CommonFlags,
): void {
  const known = findServer(parts, server);
  const tools = parts.catalog.tools(known.name).filter((tool) => known.allows(tool.name));
  if (flags.json) {
    printJson(invocation, { server: known.name, tools: tools.map((tool) => tool.definition) });
    return;
  }
  if (tools.length === 0)
    print(invocation, `${known.name}: ${serverStatus(parts, known.name)}; "tooldex index ${known.name}" lists it`);
  for (const { name, definition } of tools) print(invocation, signature(name, definition.inputSchema));
}

const count = (tools: number) => `${tools} ${tools === 1 ? 'tool' : 'tools'}`;
