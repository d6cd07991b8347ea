/** `tooldex pending`, `reject` and the part of `approve` that lets servers in: what agents asked for. */
import { visible, visibleJson } from '../catalog/definition-diff.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import type { WaitingAddition } from '../policy/additions.ts';
import { LOCAL } from '../policy/principal.ts';
import { type CommonFlags, type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { openGateway } from './open.ts';

export async function pending(invocation: Invocation, flags: CommonFlags): Promise<number> {
  return withParts(invocation, flags, async ({ additions }) => {
    const waiting = additions.waiting();
    if (flags.json)
      printJson(invocation, { pending: waiting.map(({ server, ...rest }) => ({ name: server, ...rest })) });
    else for (const one of waiting) show(invocation, one);
    if (waiting.length === 0 && !flags.json) print(invocation, 'no server waits for approval');
    else if (!flags.json)
      tell(invocation, 'hint: "tooldex approve <server>" lets one in, "tooldex reject <server>" turns it down');
  });
}

export async function reject(
  invocation: Invocation,
  server: string,
  flags: CommonFlags & { readonly reason?: string },
): Promise<number> {
  return withParts(invocation, flags, async ({ additions }) => {
    const outcome = additions.reject(LOCAL, { server, reason: flags.reason });
    if (flags.json) printJson(invocation, { server, outcome });
    else print(invocation, `${outcome} ${visible(server)}`);
  });
}

/** False when no such server waits, so that its tools may be meant. */
export async function approveServer(
  invocation: Invocation,
  { additions }: MetaToolParts,
  {
    server,
    id,
    json,
  }: { readonly server: string; readonly id: string | undefined; readonly json: boolean | undefined },
): Promise<boolean> {
  const waiting = additions.waiting().find((each) => each.server === server);
  if (waiting === undefined && id === undefined) return false;
  await additions.approve(LOCAL, { server, id });
  if (json) printJson(invocation, { server, approved: waiting?.entry });
  else print(invocation, `approved ${visible(server)}: ${visibleJson(waiting?.entry)}`);
  tell(
    invocation,
    `hint: a running gateway takes it in within seconds; without one, "tooldex index ${server}" lists its tools`,
  );
  return true;
}

async function withParts(
  invocation: Invocation,
  flags: CommonFlags,
  work: (parts: MetaToolParts) => Promise<void>,
): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    await work(await gateway.open());
    return 0;
  } finally {
    await gateway.close();
  }
}

function show(invocation: Invocation, { server, id, askedBy, askedAt, replaced, entry }: WaitingAddition): void {
  const { stdout, env } = invocation;
  const asked = `asked for by ${askedBy.map(visible).join(', ')} at ${new Date(askedAt).toISOString()}`;
  print(invocation, `${paint(stdout, 'bold', visible(server), env)} ${id}: ${asked}`);
  if (replaced)
    print(
      invocation,
      `  ${paint(stdout, 'yellow', `changed since it was first asked for: approve it with --id ${id}`, env)}`,
    );
  for (const [key, value] of Object.entries(entry as object))
    print(invocation, `  ${visible(key)}: ${visibleJson(value)}`);
}
