/** `tooldex changes` and `tooldex approve`: what servers changed in their tools, and letting that, or a whole server, in. */
import { visible, visibleJson } from '../catalog/definition-diff.ts';
import type { AdminFlags } from './admin-client.ts';
import { type ChangeRow, type Decisions, withDecisions } from './decisions.ts';
import { type Invocation, paint, print, printJson, tell } from './invocation.ts';

export async function changes(invocation: Invocation, server: string | undefined, flags: AdminFlags): Promise<number> {
  const { rows, url } = await withDecisions(invocation, flags, async (decisions) => {
    const rows = (await decisions.changes()).filter((row) => server === undefined || row.server === server);
    if (server !== undefined && rows.length === 0) await decisions.requireServer(server);
    return { rows, url: decisions.url };
  });
  if (flags.json) printJson(invocation, { changes: rows, gateway: url });
  else for (const row of rows) show(invocation, row);
  if (rows.length === 0 && !flags.json) print(invocation, 'nothing waits for approval');
  else if (!flags.json) tell(invocation, 'hint: "tooldex approve <server> [tool]" lets them in');
  return 0;
}

interface Approval {
  readonly server: string;
  readonly tool: string | undefined;
}

/** A server that waits comes before its tools, which nobody can know before it is let in. */
export async function approve(
  invocation: Invocation,
  { server, tool }: Approval,
  flags: AdminFlags & { readonly id?: string },
): Promise<number> {
  await withDecisions(invocation, flags, async (decisions) => {
    const waiting = tool === undefined ? (await decisions.pending()).find(({ name }) => name === server) : undefined;
    if (waiting !== undefined || flags.id !== undefined) {
      await decisions.approveServer(server, flags.id);
      tellServer(invocation, { server, entry: waiting?.entry, decisions }, flags);
      return;
    }
    const approved = await decisions.approveTools(server, tool);
    if (flags.json) printJson(invocation, { server, approved, gateway: decisions.url });
    else for (const name of approved) print(invocation, `approved ${server} ${visible(name)}`);
  });
  return 0;
}

interface ApprovedServer {
  readonly server: string;
  readonly entry: unknown;
  readonly decisions: Decisions;
}

function tellServer(invocation: Invocation, { server, entry, decisions }: ApprovedServer, flags: AdminFlags): void {
  if (flags.json) printJson(invocation, { server, approved: entry, gateway: decisions.url });
  else print(invocation, `approved ${visible(server)}: ${visibleJson(entry)}`);
  const then = decisions.url === null ? `"tooldex index ${server}" lists its tools` : 'its tools are being listed';
  tell(invocation, `hint: ${then}`);
}

function show(invocation: Invocation, { server, tool, new: isNew, diff }: ChangeRow): void {
  const { stdout, env } = invocation;
  print(invocation, `${server} ${visible(tool)}: ${isNew ? 'new' : 'changed'}`);
  for (const line of diff) {
    const colour = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'yellow';
    print(invocation, `  ${paint(stdout, colour, line, env)}`);
  }
}
