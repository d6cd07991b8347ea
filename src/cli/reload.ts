/** `tooldex reload`: the running gateway reads its configuration file now, and says what that changed. */
import { type AdminFlags, requireGateway } from './admin-client.ts';
import { planLine } from './edit-file.ts';
import { type Invocation, print, printJson } from './invocation.ts';

/** Fails with the gateway's reason where the file cannot be used; what was in use stays then. */
export async function reload(invocation: Invocation, flags: AdminFlags): Promise<number> {
  const gateway = await requireGateway(invocation, flags);
  const { generation, plan } = await gateway.ask('POST', '/api/reload');
  if (flags.json) printJson(invocation, { gateway: gateway.url, generation, plan });
  else print(invocation, `reloaded, generation ${String(generation)} at ${gateway.url}: ${planLine(plan)}`);
  return 0;
}
