/** `tooldex remove`, `enable` and `disable`: one server of the configuration file. */
import type { ServerEdit } from '../config/edit-server.ts';
import { edited, save } from './edit-file.ts';
import { type CommonFlags, type Invocation, print, printJson } from './invocation.ts';

const DONE = { remove: 'removed', enable: 'enabled', disable: 'disabled' } as const;

export async function switchServer(
  invocation: Invocation,
  { action, server }: { readonly action: keyof typeof DONE; readonly server: string },
  flags: CommonFlags,
): Promise<number> {
  const edit: ServerEdit =
    action === 'remove'
      ? { kind: 'remove', name: server }
      : { kind: 'switch', name: server, enabled: action === 'enable' };
  const file = save(invocation, edited(invocation, flags, [edit]));
  if (flags.json) printJson(invocation, { file, [DONE[action]]: [server] });
  else print(invocation, `${DONE[action]} ${server} in ${file}`);
  return 0;
}
