/** `tooldex pending` and `tooldex reject`: servers that agents asked for, and turning them down. */
import { visible, visibleJson } from '../catalog/definition-diff.ts';
import type { AdminFlags } from './admin-client.ts';
import { type PendingRow, withDecisions } from './decisions.ts';
import { type Invocation, paint, print, printJson, tell } from './invocation.ts';

export async function pending(invocation: Invocation, flags: AdminFlags): Promise<number> {
  const { rows, url } = await withDecisions(invocation, flags, async (decisions) => {
    return { rows: await decisions.pending(), url: decisions.url };
  });
  if (flags.json) printJson(invocation, { pending: rows, gateway: url });
  else for (const row of rows) show(invocation, row);
  if (rows.length === 0 && !flags.json) print(invocation, 'no server waits for approval');
  else if (!flags.json)
    tell(invocation, 'hint: "tooldex approve <server>" lets one in, "tooldex reject <server>" turns it down');
  return 0;
}

export async function reject(
  invocation: Invocation,
  server: string,
  flags: AdminFlags & { readonly reason?: string },
): Promise<number> {
  const { outcome, url } = await withDecisions(invocation, flags, async (decisions) => {
    return { outcome: await decisions.reject(server, flags.reason), url: decisions.url };
  });
  if (flags.json) printJson(invocation, { server, outcome, gateway: url });
  else print(invocation, `${outcome} ${visible(server)}`);
  return 0;
}

function show(invocation: Invocation, { name, id, askedBy, askedAt, replaced, entry }: PendingRow): void {
  const { stdout, env } = invocation;
  const asked = `asked for by ${askedBy.map(visible).join(', ')} at ${new Date(askedAt).toISOString()}`;
  print(invocation, `${paint(stdout, 'bold', visible(name), env)} ${id}: ${asked}`);
  const warning = `changed since it was first asked for: approve it with --id ${id}`;
  if (replaced) print(invocation, `  ${paint(stdout, 'yellow', warning, env)}`);
  for (const [key, value] of Object.entries(entry as object))
    print(invocation, `  ${visible(key)}: ${visibleJson(value)}`);
}
