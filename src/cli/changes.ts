/** `tooldex changes` and `tooldex approve`: what servers changed in their tools, and letting that, or a whole server, in. */
import type { WithheldTool } from '../catalog/catalog.ts';
import { definitionDiff, visible } from '../catalog/definition-diff.ts';
import { type CommonFlags, type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { openGateway } from './open.ts';
import { approveServer } from './pending.ts';

export async function changes(invocation: Invocation, server: string | undefined, flags: CommonFlags): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    const { discovery } = await gateway.open();
    const waiting = discovery.withheld(server);
    if (flags.json) printJson(invocation, { changes: waiting.map(toRow) });
    else for (const tool of waiting) show(invocation, tool);
    if (waiting.length === 0 && !flags.json) print(invocation, 'nothing waits for approval');
    else if (!flags.json) tell(invocation, 'hint: "tooldex approve <server> [tool]" lets them in');
    return 0;
  } finally {
    await gateway.close();
  }
}

export async function approve(
  invocation: Invocation,
  { server, tool }: { readonly server: string; readonly tool: string | undefined },
  flags: CommonFlags & { readonly id?: string },
): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    const parts = await gateway.open();
    const asked = { server, id: flags.id, json: flags.json };
    if (tool === undefined && (await approveServer(invocation, parts, asked))) return 0;
    const { discovery } = parts;
    const approved = await discovery.approve(server, tool);
    if (flags.json) printJson(invocation, { server, approved });
    else for (const name of approved) print(invocation, `approved ${server} ${visible(name)}`);
    return 0;
  } finally {
    await gateway.close();
  }
}

function toRow({ server, name, proposed, approved, noticedAt }: WithheldTool) {
  return { server, tool: name, new: approved === undefined, noticedAt, diff: definitionDiff(approved, proposed) };
}

function show(invocation: Invocation, { server, name, proposed, approved }: WithheldTool): void {
  const { stdout, env } = invocation;
  print(invocation, `${server} ${visible(name)}: ${approved === undefined ? 'new' : 'changed'}`);
  for (const line of definitionDiff(approved, proposed)) {
    const colour = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'yellow';
    print(invocation, `  ${paint(stdout, colour, line, env)}`);
  }
}
