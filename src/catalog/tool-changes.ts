/** Tells two listings of one server apart, for somebody who has to decide whether to take the second. */
import { isDeepStrictEqual } from 'node:util';
import { definitionDiff } from './definition-diff.ts';
import type { ToolDefinition } from './tool-definition.ts';

export interface ToolChanges {
  /** Names; in the order in which they are listed. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: ReadonlyArray<{ readonly tool: string; readonly diff: readonly string[] }>;
}

export function toolChanges(before: readonly ToolDefinition[], after: readonly ToolDefinition[]): ToolChanges {
  const old = new Map(before.map((tool) => [tool.name, tool]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: [...old.keys()].filter((name) => !names.has(name)),
    changed: after.flatMap((tool) => {
      const was = old.get(tool.name);
      if (was === undefined || isDeepStrictEqual(was, tool)) return [];
      const diff = definitionDiff(was, tool);
      return [{ tool: tool.name, diff: diff.length > 0 ? diff : ['! differs where a long value is cut off here'] }];
    }),
  };
}
