/** What the commands that edit the configuration share: which file it is, and what to say when it was written. */
import { type EditedConfig, editConfig, writeEdited } from '../config/edit-config.ts';
import type { ServerEdit } from '../config/edit-server.ts';
import { ownFileInstead } from '../config/locate-config.ts';
import { shownPath } from '../config/paths.ts';
import { describeReload } from '../config/plan-reload.ts';
import type { AdminClient } from './admin-client.ts';
import { type CommonFlags, type Invocation, paint, tell } from './invocation.ts';
import { loadOptions } from './open.ts';

/** What the file would be; see `editConfig`. */
export function edited(invocation: Invocation, flags: CommonFlags, edits: readonly ServerEdit[]): EditedConfig {
  return editConfig(loadOptions(invocation, flags), edits);
}

/** Writes it and returns the paths of the files as people read them. */
export function save(invocation: Invocation, edit: EditedConfig): string {
  const { env, cwd, packageRoot } = invocation;
  const own = ownFileInstead(edit.main, { env, cwd, packageRoot });
  const written = writeEdited(edit, own);
  if (own !== undefined) tell(invocation, `the configuration is now your own: ${own}`);
  return written.map(shownPath).join(', ');
}

/** An edit that a running gateway made and put into use. */
export interface AppliedEdit {
  readonly url: string;
  readonly file: string;
  readonly plan: unknown;
  /** Variables that have to be set where it runs. */
  readonly unset: readonly string[];
}

export async function applyAt(gateway: AdminClient, ...asked: Parameters<AdminClient['ask']>): Promise<AppliedEdit> {
  const { file, plan, variables } = await gateway.ask(...asked);
  return { url: gateway.url, file: String(file), plan, unset: Array.isArray(variables) ? variables.map(String) : [] };
}

/** Of commands that edit files only, and of the others where no gateway took part. */
export const NOBODY_ASKED = 'no running gateway was asked; one that serves this file takes it up by itself';

/** Says which of both it was: the running gateway, and what it did with the edit, or the files alone. */
export function tellApplied(invocation: Invocation, applied: AppliedEdit | undefined): void {
  if (applied) tell(invocation, `the gateway at ${applied.url} has it in use: ${planLine(applied.plan)}`);
  else tell(invocation, NOBODY_ASKED);
}

/** A plan as the administration API answers with it, in one line. */
export function planLine(plan: unknown): string {
  return describeReload(plan as Parameters<typeof describeReload>[0]);
}

/** Says which variables have to be set, where there are any. */
export function tellVariables(invocation: Invocation, names: readonly string[], then: string): void {
  if (names.length === 0) return;
  const label = paint(invocation.stderr, 'yellow', 'set', invocation.env);
  tell(invocation, `${label} ${names.join(', ')} in the environment of Tooldex${then}`);
}
