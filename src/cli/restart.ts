/** `tooldex restart`: the instances of a server end after their calls, and the next call starts another. */
import { type AdminFlags, requireGateway } from './admin-client.ts';
import { type Invocation, print, printJson } from './invocation.ts';

export async function restart(invocation: Invocation, server: string, flags: AdminFlags): Promise<number> {
  const gateway = await requireGateway(invocation, flags);
  const { state } = await gateway.ask('POST', `/api/servers/${encodeURIComponent(server)}/stop`);
  if (flags.json) printJson(invocation, { gateway: gateway.url, server, state });
  else print(invocation, `${server} is stopped at ${gateway.url}; its next call starts it anew`);
  return 0;
}
