/** Tells the tools that are as somebody approved them from those that are not. */
import { fingerprint } from './fingerprint.ts';
import type { ToolDefinition } from './tool-definition.ts';

export interface Withheld {
  readonly tool: ToolDefinition;
  /** In the listing of the server. */
  readonly position: number;
  readonly approved: ToolDefinition | undefined;
}

export interface Sifted {
  readonly usable: readonly ToolDefinition[];
  readonly withheld: readonly Withheld[];
}

/** `approved` by name: what was in use before this listing. A tool that goes back to that is usable again. */
export function sift(tools: readonly ToolDefinition[], approved: ReadonlyMap<string, ToolDefinition>): Sifted {
  const usable: ToolDefinition[] = [];
  const withheld: Withheld[] = [];
  for (const [position, tool] of tools.entries()) {
    const before = approved.get(tool.name);
    if (before !== undefined && fingerprint(before) === fingerprint(tool)) usable.push(tool);
    else withheld.push({ tool, position, approved: before });
  }
  return { usable, withheld };
}
