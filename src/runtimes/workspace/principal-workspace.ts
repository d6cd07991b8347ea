/** A workspace of each principal's own: the same server, with another folder wherever its configuration has the common one. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Mount, ServerConfig } from '../../config/config.ts';

/** The configuration unchanged where the workspace, or the instance, is one for all. */
export function withWorkspaceOf(server: ServerConfig, principal: string | undefined): ServerConfig {
  const { workspaceDir: common } = server;
  if (server.runtime === 'remote' || server.workspacePer !== 'principal' || server.scope === 'shared') return server;
  if (common === undefined || principal === undefined) return server;
  const own = join(common, principalFolder(principal));
  const moved = (text: string) => replacePath(text, common, own);
  const changed = {
    workspaceDir: own,
    args: server.args.map(moved),
    env: Object.fromEntries(Object.entries(server.env).map(([name, value]) => [name, moved(value)])),
  };
  if (server.runtime === 'native') return { ...server, ...changed, cwd: moved(server.cwd) };
  const mounts = server.mounts.map((mount) => (mount.source === common ? movedMount(mount, own) : mount));
  return { ...server, ...changed, mounts };
}

const movedMount = ({ readOnly }: Mount, own: string): Mount => ({ source: own, target: own, readOnly });

/** Readable, and different for any two principals also where letters of both cases are the same. */
export function principalFolder(principal: string): string {
  const readable = principal
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const digest = createHash('sha256').update(principal).digest('hex').slice(0, 12);
  return [...(readable === '' ? [] : [readable.slice(0, 40)]), digest].join('-');
}

/** Only where the path ends or goes on below it: `/w/notes` is not in `/w/notes-2`. */
function replacePath(text: string, from: string, to: string): string {
  return text
    .split(from)
    .reduce((done, rest) => (/^[\w.-]/.test(rest) ? `${done}${from}${rest}` : `${done}${to}${rest}`));
}
