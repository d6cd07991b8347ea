/** What the commands that edit the configuration share: which file it is, and what to say when it was written. */
import { type EditedConfig, editConfig, type ServerEdit, writeEdited } from '../config/edit-config.ts';
import { ownFileInstead } from '../config/locate-config.ts';
import { shownPath } from '../config/paths.ts';
import { type CommonFlags, type Invocation, paint, tell } from './invocation.ts';
import { loadOptions } from './open.ts';

/** What the file would be; see `editConfig`. */
export function edited(invocation: Invocation, flags: CommonFlags, edits: readonly ServerEdit[]): EditedConfig {
  return editConfig(loadOptions(invocation, flags), edits);
}

/** Writes it and returns the path of the file as people read it. */
export function save(invocation: Invocation, edit: EditedConfig): string {
  const { env, cwd, packageRoot } = invocation;
  const written = writeEdited(edit, ownFileInstead(edit.file, { env, cwd, packageRoot }));
  if (written !== edit.file) tell(invocation, `the configuration is now your own: ${written}`);
  return shownPath(written);
}

/** Says which variables have to be set, where there are any. */
export function tellVariables(invocation: Invocation, names: readonly string[], then: string): void {
  if (names.length === 0) return;
  const label = paint(invocation.stderr, 'yellow', 'set', invocation.env);
  tell(invocation, `${label} ${names.join(', ')} in the environment of Tooldex${then}`);
}
