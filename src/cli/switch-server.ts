/** `tooldex remove`, `enable` and `disable`: one server, at the running gateway or in the configuration file. */
import type { ServerEdit } from '../config/edit-server.ts';
import { type AdminClient, type AdminFlags, runningGateway } from './admin-client.ts';
import { applyAt, edited, save, tellApplied } from './edit-file.ts';
import { type Invocation, print, printJson } from './invocation.ts';

const DONE = { remove: 'removed', enable: 'enabled', disable: 'disabled' } as const;
type Action = keyof typeof DONE;

export async function switchServer(
  invocation: Invocation,
  { action, server }: { readonly action: Action; readonly server: string },
  flags: AdminFlags,
): Promise<number> {
  const gateway = await runningGateway(invocation, flags);
  const applied = gateway && (await applyAt(gateway, ...askFor(action, server)));
  const file = applied?.file ?? save(invocation, edited(invocation, flags, [editOf(action, server)]));
  if (flags.json) printJson(invocation, { file, [DONE[action]]: [server], gateway: applied?.url ?? null });
  else print(invocation, `${DONE[action]} ${server} in ${file}`);
  tellApplied(invocation, applied);
  return 0;
}

function editOf(action: Action, name: string): ServerEdit {
  return action === 'remove' ? { kind: 'remove', name } : { kind: 'switch', name, enabled: action === 'enable' };
}

function askFor(action: Action, server: string): Parameters<AdminClient['ask']> {
  const path = `/api/servers/${encodeURIComponent(server)}`;
  return action === 'remove' ? ['DELETE', path] : ['POST', `${path}/${action}`];
}
