/** Finds tools that lost their name to another one: only a listing shows that, for the configuration knows no tools. */
import type { KnownServer } from '../catalog/server-directory.ts';

/** A sentence for each tool that could be used if its name had not been given away. */
export function unreachable({ name, names, allows }: KnownServer, tools: readonly string[]): string[] {
  if (!names) return [];
  const lost = tools.filter((tool) => allows(tool) && !names.reaches(tool));
  return lost.map((tool) => {
    const what = `${name}: nobody can use the tool "${tool}", whose name was given to "${names.own(tool)}"`;
    return `${what}; rename it too, or deny it`;
  });
}
