/**
 * Keeps the paths in a call inside the server's workspace. A second line of defence: a server may find other ways to a
 * file, and may be given a link between this look and its own. The first line is a container's mounts, or the user.
 */
import { GatewayError } from '../../errors.ts';
import { isObject, type Json, type JsonObject } from '../../stdx/json.ts';
import { type PathArgument, pathArguments } from './path-arguments.ts';
import { decodePercent, readingsOf, withoutFileScheme } from './readings.ts';
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
  const roots = room.folders.map(({ seenAs }) => seenAs);
  const finder = { rules, roots, definition: definition() };
  for (const argument of givenIn(params).flatMap((given) => pathArguments(given, finder))) {
    const reason = await whyRefused(argument.text, room);
    if (reason !== undefined) throw refusal({ server, tool }, argument, { reason, folder });
  }
}

/** All that a request can hold of its caller's: arguments of a tool or prompt, an address, what is to be completed. */
function givenIn({ arguments: given = null, uri = null, argument, context }: JsonObject): Json[] {
  const begun = isObject(argument) ? { [String(argument.name)]: (argument.value ?? null) as Json } : {};
  const chosen = isObject(context) && context.arguments !== undefined ? (context.arguments as Json) : null;
  return [given, { uri }, begun, chosen];
}

/** Why a server must not get this text as a path: some way to read it leads out of the room. */
export async function whyRefused(text: string, room: Room): Promise<string | undefined> {
  const { root, rest } = splitRoot(text, room);
  const readings = readingsOf(rest);
  if (readings === undefined) return 'it is encoded again and again';
  for (const reading of readings) {
    const path = `${root}${reading}`;
    const reason = whySpelling(path) ?? (await whyOutside(withoutTrailingDots(path), room));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * The folder of the room that a path begins with, plain or in a `file:` address. Its name is the configuration's, so blanks,
 * percent signs and accents in it are no spellings of the caller's.
 */
function splitRoot(text: string, { folders }: Room): { readonly root: string; readonly rest: string } {
  const address = withoutFileScheme(text);
  const isAddress = address !== text;
  const steps = address.split('/');
  for (const { seenAs } of folders) {
    const count = seenAs.split('/').length;
    const head = steps.slice(0, count).join('/');
    if (seenAs === '/' || (isAddress ? decodePercent(head) : head) !== seenAs) continue;
    return { root: seenAs, rest: address.slice(head.length) };
  }
  return { root: '', rest: text };
}

/** Spellings that some programs take for a place that others do not see in them. */
function whySpelling(text: string): string | undefined {
  if (text.includes('\0')) return 'a path has no null character';
  if (/^[\\/]{2}/.test(text)) return 'it is the path of a network share';
  if (process.platform !== 'win32' && /^[a-z]:[\\/]/i.test(text)) return 'it is a path of Windows';
  if (/^~[\w.-]*(?:[\\/]|$)/.test(text)) return 'it starts at a home folder';
  if (/^(?:\$\w+|\$\{[^}]*\}|%\w+%)(?:[\\/]|$)/.test(text)) return 'it starts at a variable';
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
