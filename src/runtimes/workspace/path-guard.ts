/**
 * Keeps the paths in a call inside the server's workspace. A second line of defence: a server may find other ways to a
 * file, and may be given a link between this look and its own. The first line is a container's mounts, or the user.
 */
import { GatewayError } from '../../errors.ts';
import type { JsonObject } from '../../stdx/json.ts';
import { type PathArgument, pathArguments } from './path-arguments.ts';
import { readingsOf } from './readings.ts';
import { type Room, whyOutside } from './room.ts';

export interface Workspace {
  readonly folder: string;
  readonly room: Room;
  /** `paths` of the entry. */
  readonly rules: readonly string[];
}

export interface GuardOptions {
  /** Undefined for a server without one, whose paths are its own affair. */
  readonly workspaceOf: (server: string, principal: string) => Workspace | undefined;
}

interface Call {
  readonly principal: { readonly id: string };
  readonly server: string;
  readonly tool: string;
  readonly params: JsonObject;
  readonly definition: () => { readonly description?: string; readonly inputSchema: JsonObject } | undefined;
}

interface WorkspaceGuard {
  confines(server: string, principal: Call['principal']): boolean;
  confine(call: Call): Promise<void> | undefined;
}

/** `confine` rejects with NOT_ALLOWED, naming argument and path, when one leads out; it reads the file system and changes nothing. */
export function createPathGuard({ workspaceOf }: GuardOptions): WorkspaceGuard {
  return {
    confines: (server, { id }) => workspaceOf(server, id) !== undefined,
    confine(call) {
      const workspace = workspaceOf(call.server, call.principal.id);
      return workspace && confineTo(workspace, call);
    },
  };
}

async function confineTo(
  { folder, room, rules }: Workspace,
  { server, tool, params, definition }: Call,
): Promise<void> {
  const { arguments: given = { uri: params.uri ?? null } } = params;
  const roots = room.folders.map(({ seenAs }) => seenAs);
  for (const argument of pathArguments(given, { rules, roots, definition: definition() })) {
    const reason = await whyRefused(argument.text, room);
    if (reason !== undefined) throw refusal({ server, tool }, argument, { reason, folder });
  }
}

/** Why a server must not get this text as a path: some way to read it leads out of the room. */
export async function whyRefused(text: string, room: Room): Promise<string | undefined> {
  const readings = readingsOf(text);
  if (readings === undefined) return 'it is encoded again and again';
  for (const reading of readings) {
    const reason = whySpelling(reading) ?? (await whyOutside(withoutTrailingDots(reading), room));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Spellings that some programs take for a place that others do not see in them. */
function whySpelling(text: string): string | undefined {
  if (text.includes('\0')) return 'a path has no null character';
  if (/^[\\/]{2}/.test(text)) return 'it is the path of a network share';
  if (process.platform !== 'win32' && /^[a-z]:[\\/]/i.test(text)) return 'it is a path of Windows';
  if (/^~[\w.-]*(?:[\\/]|$)/.test(text)) return 'it starts at a home folder';
  if (/^(?:\$\w+|\$\{\w+\}|%\w+%)(?:[\\/]|$)/.test(text)) return 'it starts at a variable';
  return undefined;
}

/** Windows takes `.. ` and `...` for `..`. */
const withoutTrailingDots = (text: string) => text.replace(/(^|[\\/])\.\.[. ]+(?=[\\/]|$)/g, '$1..');

interface Refusal {
  readonly reason: string;
  readonly folder: string;
}

function refusal(
  { server, tool }: { server: string; tool: string },
  { at, text }: PathArgument,
  { reason, folder }: Refusal,
): GatewayError {
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  const message = `${server}:${tool}: argument "${at}": the path ${shown} is not allowed: ${reason}`;
  return new GatewayError('NOT_ALLOWED', message, {
    hint: `give a path in ${folder}, the workspace of ${server}`,
    data: { argument: at, path: text },
  });
}
