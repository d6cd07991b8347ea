/** One server of the document to its resolved form, whatever its runtime. */
import { isAbsolute, join } from 'node:path';
import type { ServerConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { SECRET_NAME } from './expander.ts';
import { isWithin } from './paths.ts';
import { resolveContainer } from './resolve-container.ts';
import { resolveNative } from './resolve-native.ts';
import { resolveRemote } from './resolve-remote.ts';
import { unsetVariables } from './secret-values.ts';
import type { ExpandedEntry, ServerEntry, ServerSurroundings } from './server-entry.ts';
import type { MissingInput } from './server-json-inputs.ts';
import { findIdleKeys, kindOfServer, type RuntimeKind } from './server-kind.ts';

/** Reports what is wrong; undefined when that leaves no server. */
export function resolveServer(entry: ServerEntry, around: ServerSurroundings): ServerConfig | undefined {
  const server = resolveKind(entry, around);
  if (server === undefined || server.enabled) return server;
  const missing = missingVariables(entry, around);
  return missing.length > 0 ? { ...server, missing } : server;
}

/** What keeps a disabled server from being enabled; of an enabled one that is a problem of the file. */
function missingVariables({ server }: ServerEntry, { env }: ServerSurroundings): MissingInput[] {
  return unsetVariables(server, env).map((name) => ({
    name,
    kind: 'environment variable',
    isSecret: SECRET_NAME.test(name),
    description: '',
  }));
}

function resolveKind(entry: ServerEntry, around: ServerSurroundings): ServerConfig | undefined {
  const expanded = expandEntry(entry, around);
  warnOfClientKeys(entry, around);
  switch (checkKeys(entry, around)) {
    case 'native':
      return resolveNative(expanded, around);
    case 'container':
      return resolveContainer(expanded, around);
    case 'remote':
      return resolveRemote(expanded, around);
    case undefined:
      return undefined;
  }
}

function expandEntry(entry: ServerEntry, around: ServerSurroundings): ExpandedEntry {
  const enabled = entry.server.enabled ?? !(entry.server.disabled ?? false);
  const workspaceDir = findWorkspace(entry, around);
  if (!enabled) return { ...entry, enabled, workspaceDir };
  const scope = { env: around.env, folder: around.folder, workspaceDir, bareNames: entry.fromClient };
  return { ...entry, enabled, workspaceDir, server: around.expander.expand(entry.server, entry.path, scope) };
}

function findWorkspace({ server, path }: ServerEntry, around: ServerSurroundings): string | undefined {
  const { workspaceRoot } = around;
  if (server.workspace !== undefined) {
    const given = typeof server.workspace === 'object' ? server.workspace.folder : server.workspace;
    const folder = join(workspaceRoot, given, '.');
    if (!isAbsolute(given) && isWithin(folder, workspaceRoot)) return folder.replace(/(?<=.)[/\\]$/, '');
    const message = `"workspace": "${given}" is not a folder under workspace_root — write a name`;
    around.report([...path, 'workspace'], 'value', message);
    return workspaceRoot;
  }
  // A container sees nothing of this machine by itself, so an argument that names the workspaces asks for them.
  const names = (arg: string) => isAbsolute(arg) && isWithin(arg, workspaceRoot);
  return server.image !== undefined && server.args?.some(names) ? workspaceRoot : undefined;
}

function checkKeys({ server, path }: ServerEntry, around: ServerSurroundings): RuntimeKind | undefined {
  const found = kindOfServer(server);
  if ('message' in found) {
    around.report(found.key === undefined ? path : [...path, found.key], 'key', found.message);
    return undefined;
  }
  const mode = server.mode ?? around.defaults.mode ?? DEFAULTS.mode;
  for (const { key, message } of findIdleKeys(server, found.kind, mode)) {
    around.report(key === undefined ? path : [...path, key], 'key', message);
  }
  return found.kind;
}

function warnOfClientKeys({ name, server }: ServerEntry, { warn }: ServerSurroundings): void {
  for (const key of ['autoApprove', 'alwaysAllow', 'alwaysLoad', 'trust', 'gallery'] as const) {
    if (server[key] !== undefined) warn(`server "${name}": "${key}" concerns the client alone and is ignored`);
  }
  if (server.timeout === undefined) return;
  warn(`server "${name}": "timeout" has no unit and is ignored — write "limits": {"timeout": "60s"}`);
}
