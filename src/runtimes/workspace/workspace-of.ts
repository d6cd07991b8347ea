/** The workspace of a server as its configuration has it: where its paths may lead, and where relative ones start. */
import type { ServerConfig } from '../../config/config.ts';
import { isWithin } from '../../config/paths.ts';
import type { Workspace } from './path-guard.ts';
import { withWorkspaceOf } from './principal-workspace.ts';

/** Undefined for a server without a workspace. */
export function workspaceOf(known: ServerConfig | undefined, principal: string | undefined): Workspace | undefined {
  const server = known && withWorkspaceOf(known, principal);
  if (!server || server.runtime === 'remote' || server.workspaceDir === undefined) return undefined;
  const { workspaceDir: folder, pathRules: rules } = server;
  const own = { seenAs: folder, source: folder };
  if (server.runtime === 'container') {
    const mounts = server.mounts.map(({ target, source }) => ({ seenAs: target, source }));
    return { folder, rules, room: { folders: [own, ...mounts], start: folder } };
  }
  // One that runs elsewhere was given the folder in some other way and takes relative paths from there.
  const start = isWithin(server.cwd, folder) ? server.cwd : folder;
  return { folder, rules, room: { folders: [own], start } };
}
