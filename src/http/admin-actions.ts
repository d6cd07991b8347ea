/** What the administration API does: servers, changed tools and the configuration of a running gateway. */
import { definitionDiff } from '../catalog/definition-diff.ts';
import { unconfiguredStatus } from '../catalog/needs-config.ts';
import type { ConfigFile } from '../config/config-file.ts';
import type { ServerEdit } from '../config/edit-server.ts';
import type { ReloadPlan } from '../config/plan-reload.ts';
import { GatewayError } from '../errors.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { serverState, serverStatus, usableTools } from '../meta-tools/server-status.ts';
import type { Additions } from '../policy/additions.ts';
import type { Principal } from '../policy/principal.ts';
import { nearest } from '../stdx/nearest.ts';

export interface AdminParts extends Pick<MetaToolParts, 'catalog' | 'directory' | 'discovery' | 'pool'> {
  readonly configFile: ConfigFile;
  readonly additions: Additions;
  /** Of the configuration in use; `problem` is why the file is another one. */
  readonly configStatus: () => { readonly generation: number; readonly problem: { readonly text: string } | undefined };
}

export function listServers(parts: AdminParts) {
  const { source } = parts.configFile.current;
  const { generation, problem } = parts.configStatus();
  const config = { file: source.file, include: source.include, generation };
  return {
    servers: serverNames(parts).map((name) => serverRow(parts, name)),
    config: { ...config, ...(problem ? { problem: problem.text } : {}) },
  };
}

export function showServer(parts: AdminParts, name: string) {
  requireServer(parts, name);
  const known = parts.directory.get(name);
  const tools = parts.catalog.tools(name).map((tool) => ({
    name: tool.name,
    ...(known?.names ? { shown: known.names.show(tool.definition)?.name ?? null } : {}),
    description: tool.definition.description ?? '',
    allowed: known?.allows(tool.name) ?? false,
    definition: tool.definition,
  }));
  return { ...serverRow(parts, name), tools };
}

export interface NewServer {
  readonly name: string;
  readonly entry: Readonly<Record<string, unknown>>;
}

/** Throws ARGUMENTS_INVALID for an entry that would not load, USAGE for a name that is taken. */
export async function addServer({ configFile, directory }: AdminParts, { name, entry: given }: NewServer) {
  if (directory.get(name) && !configFile.current.servers.has(name)) {
    throw new GatewayError('USAGE', `an agent has brought a server "${name}"`, { hint: 'choose another name' });
  }
  const { entry, unset } = configFile.prepare(name, given);
  const { files, plan } = await configFile.edit([{ kind: 'add', name, entry }]);
  return { file: files.join(', '), plan: shown(plan), variables: unset };
}

export async function editServer({ configFile }: AdminParts, edit: ServerEdit) {
  const { files, plan } = await configFile.edit([edit]);
  return { file: files.join(', '), plan: shown(plan) };
}

/** Throws what kept the server from being listed. */
export async function indexServer(parts: AdminParts, name: string) {
  requireEnabled(parts, name);
  const { listing, change } = await parts.discovery.list(name);
  return { server: name, tools: listing.toolCount, ...change };
}

/** The next call starts it anew, so this is also how to restart it. */
export async function stopServer(parts: AdminParts, name: string) {
  requireEnabled(parts, name);
  await parts.pool.stop(name, 'an admin asked for it');
  return { server: name, state: serverState(parts, name).state };
}

export function listChanges({ discovery }: AdminParts) {
  const changes = discovery.withheld().map(({ server, name, proposed, approved, noticedAt }) => ({
    server,
    tool: name,
    new: approved === undefined,
    noticedAt,
    diff: definitionDiff(approved, proposed),
  }));
  return { changes };
}

/** Throws TOOL_UNKNOWN where nothing of that name waits. */
export async function approveChanges({ discovery }: AdminParts, server: string, tool: string | undefined) {
  return { server, approved: await discovery.approve(server, tool) };
}

export async function listCatalog({ additions }: AdminParts) {
  return { servers: await additions.catalogued() };
}

export function listPending({ additions }: AdminParts) {
  return { pending: additions.waiting().map(({ server, ...rest }) => ({ name: server, ...rest })) };
}

/** The server is in use when this resolves, and its tools are as soon as it has listed them. Throws SERVER_UNKNOWN, USAGE. */
export async function approveAddition({ additions }: AdminParts, admin: Principal, asked: ApprovedAddition) {
  await additions.approve(admin, asked);
  await additions.follow();
  return { name: asked.server, outcome: 'approved' };
}

export interface ApprovedAddition {
  readonly server: string;
  readonly id?: string | undefined;
}

export async function rejectAddition({ additions }: AdminParts, admin: Principal, asked: RejectedAddition) {
  const outcome = additions.reject(admin, asked);
  await additions.follow();
  return { name: asked.server, outcome };
}

export interface RejectedAddition {
  readonly server: string;
  readonly reason?: string | undefined;
}

export async function planConfig({ configFile, configStatus }: AdminParts) {
  return { generation: configStatus().generation, plan: await configFile.plan() };
}

export async function reloadConfig({ configFile, configStatus }: AdminParts) {
  const plan = await configFile.reload();
  return { generation: configStatus().generation, plan: shown(plan) };
}

/** A plan that was carried out has nothing that was refused. */
const shown = ({ refused: _, ...plan }: ReloadPlan) => plan;

/** Those of the file, disabled ones too, then those that agents brought. */
function serverNames({ configFile, directory }: AdminParts): string[] {
  return [...new Set([...configFile.current.servers.keys(), ...directory.names()])];
}

function serverRow(parts: AdminParts, name: string) {
  const { directory, discovery, configFile } = parts;
  const config = configFile.current.servers.get(name);
  const known = directory.get(name);
  return {
    name,
    enabled: known !== undefined,
    source: config ? 'file' : 'agent',
    ...(config ? { runtime: config.runtime } : {}),
    description: known?.description ?? config?.description ?? '',
    tags: config?.tags ?? [],
    ...(known ? { ...serverState(parts, name), status: serverStatus(parts, name) } : disabledState(parts, name)),
    toolCount: usableTools(parts, name),
    waiting: discovery.withheld(name).length,
  };
}

function disabledState({ directory }: AdminParts, name: string) {
  const waiting = directory.unconfigured().find((each) => each.name === name);
  if (waiting === undefined) return { state: 'disabled', status: 'disabled' };
  return { state: 'needs-config', missing: waiting.missing, status: unconfiguredStatus(waiting) };
}

function requireServer(parts: AdminParts, name: string): void {
  const names = serverNames(parts);
  if (names.includes(name)) return;
  const near = nearest(name, names);
  throw new GatewayError('SERVER_UNKNOWN', `no server is called "${name}"`, {
    hint: near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${names.slice(0, 20).join(', ') || 'none'}`,
  });
}

function requireEnabled(parts: AdminParts, name: string): void {
  requireServer(parts, name);
  if (!parts.directory.get(name)) {
    throw new GatewayError('USAGE', `"${name}" is disabled`, { hint: `POST /api/servers/${name}/enable first` });
  }
}
