/** `tooldex list`: the servers with their states, or the tools of one, as the running gateway has them or as the files do. */
import { unconfiguredStatus } from '../catalog/needs-config.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import type { Config } from '../config/config.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { findServer } from '../meta-tools/resolve-tool.ts';
import { serverState, serverStatus, usableTools } from '../meta-tools/server-status.ts';
import { namedParts } from '../meta-tools/shown-view.ts';
import { signature } from '../meta-tools/signature.ts';
import { type AdminClient, type AdminFlags, runningGateway, serversOf } from './admin-client.ts';
import { type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { withGateway } from './open.ts';

export async function list(invocation: Invocation, server: string | undefined, flags: AdminFlags): Promise<number> {
  const gateway = await runningGateway(invocation, flags);
  const url = gateway?.url ?? null;
  if (gateway) tell(invocation, `as the gateway at ${gateway.url} has it:`);
  if (server === undefined) {
    const rows = gateway ? await rowsThere(gateway) : await withGateway(invocation, flags, rowsHere);
    if (flags.json) printJson(invocation, { servers: rows, gateway: url });
    else printServers(invocation, rows);
  } else {
    const tools = gateway
      ? await toolsThere(gateway, server)
      : await withGateway(invocation, flags, (parts, config) => toolsHere(parts, config, server));
    if (flags.json) printJson(invocation, { server: tools.server, tools: tools.definitions, gateway: url });
    else printTools(invocation, tools);
  }
  return 0;
}

interface Row {
  readonly server: string;
  /** In words. */
  readonly status: string;
  readonly state: string;
  readonly reason?: string;
  /** What it needs before it can run. */
  readonly missing?: KnownServer['missing'];
  readonly tools: number | null;
  /** Changed tools that an admin has to approve. */
  readonly waiting: number;
  readonly description: string;
  readonly tags: readonly string[];
}

function rowsHere(parts: MetaToolParts, { servers }: Config): Row[] {
  const unconfigured = parts.directory.unconfigured().map((server) => ({
    server: server.name,
    status: unconfiguredStatus(server),
    state: 'needs-config',
    missing: server.missing,
    tools: null,
    waiting: 0,
    description: server.description,
    tags: [],
  }));
  const usable = parts.directory.names().map((name) => ({
    server: name,
    status: serverStatus(parts, name),
    ...serverState(parts, name),
    tools: usableTools(parts, name),
    waiting: parts.discovery.withheld(name).length,
    description: parts.directory.get(name)?.description ?? '',
    tags: parts.directory.get(name)?.tags ?? [],
  }));
  const shown = new Set([...usable, ...unconfigured].map(({ server }) => server));
  const switchedOff = [...servers.values()].filter(({ name }) => !shown.has(name));
  const disabled = switchedOff.map(({ name, description = '', tags }) => {
    return { server: name, status: DISABLED, state: DISABLED, tools: null, waiting: 0, description, tags };
  });
  return [...usable, ...unconfigured, ...disabled];
}

async function rowsThere(gateway: AdminClient): Promise<Row[]> {
  return (await serversOf(gateway)).map(({ name, enabled, reason, missing, toolCount, ...row }) => {
    const why = { ...(reason === undefined ? {} : { reason }), ...(missing === undefined ? {} : { missing }) };
    const { status, state, waiting, description, tags } = row;
    return { server: name, status, state, ...why, tools: enabled ? toolCount : null, waiting, description, tags };
  });
}

function printServers(invocation: Invocation, rows: readonly Row[]): void {
  const width = Math.max(0, ...rows.map((row) => row.server.length));
  for (const { server, status, tools, waiting, description, tags } of rows) {
    const words = [...tags.map((tag) => `[${tag}]`), description].join(' ');
    const about = paint(invocation.stdout, 'dim', words, invocation.env);
    const known = tools === null ? '' : `${count(tools)}, `;
    const held = waiting === 0 ? '' : `${waiting} waiting for approval, `;
    print(invocation, `${server.padEnd(width)}  ${known}${held}${status}  ${about}`.trimEnd());
  }
  if (rows.some((row) => row.tools === null && row.missing === undefined && row.state !== DISABLED))
    tell(invocation, 'hint: "tooldex index" asks servers for their tools');
}

interface Tools {
  readonly server: string;
  readonly status: string;
  readonly definitions: readonly ToolDefinition[];
}

function toolsHere(parts: MetaToolParts, { servers }: Config, server: string): Tools {
  if (servers.has(server) && isSwitchedOff(parts, server)) return { server, status: DISABLED, definitions: [] };
  const named = namedParts(parts);
  const known = findServer(named, server);
  const tools = named.catalog.tools(known.name).filter((tool) => known.allows(tool.name));
  const status = serverStatus(parts, known.name);
  return { server: known.name, status, definitions: tools.map(({ definition }) => definition) };
}

function isSwitchedOff({ directory }: MetaToolParts, server: string): boolean {
  return !directory.get(server) && !directory.unconfigured().some(({ name }) => name === server);
}

interface ToolRow {
  readonly allowed: boolean;
  readonly definition: ToolDefinition;
  readonly shown?: string | null;
}

async function toolsThere(gateway: AdminClient, server: string): Promise<Tools> {
  const { name, status, tools } = await gateway.ask('GET', `/api/servers/${encodeURIComponent(server)}`);
  const usable = (tools as unknown as readonly ToolRow[]).filter(({ allowed, shown }) => allowed && shown !== null);
  const definitions = usable.map(({ definition, shown }) => ({ ...definition, name: shown ?? definition.name }));
  return { server: String(name), status: String(status), definitions };
}

function printTools(invocation: Invocation, { server, status, definitions }: Tools): void {
  const remedy =
    status === DISABLED ? `"tooldex enable ${server}" switches it on` : `"tooldex index ${server}" lists it`;
  if (definitions.length === 0) print(invocation, `${server}: ${status}; ${remedy}`);
  for (const { name, inputSchema } of definitions) print(invocation, signature(name, inputSchema).text);
}

const DISABLED = 'disabled';
const count = (tools: number) => `${tools} ${tools === 1 ? 'tool' : 'tools'}`;
