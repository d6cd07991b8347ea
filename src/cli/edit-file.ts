/** What the commands that edit the configuration share: which file it is, and what to say when it was written. */
import { type EditedConfig, editConfig, writeEdited } from '../config/edit-config.ts';
import type { ServerEdit } from '../config/edit-server.ts';
import { ownFileInstead } from '../config/locate-config.ts';
import { shownPath } from '../config/paths.ts';
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

/** Says which variables have to be set, where there are any. */
export function tellVariables(invocation: Invocation, names: readonly string[], then: string): void {
  if (names.length === 0) return;
  const label = paint(invocation.stderr, 'yellow', 'set', invocation.env);
  tell(invocation, `${label} ${names.join(', ')} in the environment of Tooldex${then}`);
}
