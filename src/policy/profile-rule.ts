/** What a profile shows of a server and its tools, and under which names. */
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { toolId } from '../catalog/tool-id.ts';
import type { ProfileConfig } from '../config/config.ts';
import { matchesGlob } from '../config/tool-filter.ts';

type Definition = () => ToolDefinition | undefined;

export interface ProfileRule {
  readonly config: ProfileConfig;
  hasServer(server: string): boolean;
  /** By the server's own name; `definition` is asked only where it matters, undefined for a tool that nobody has listed. */
  hasTool(server: string, own: string, definition: Definition): boolean;
  /** The name that was given to it, or its own. */
  shownName(server: string, own: string): string;
  /** Undefined when no tool of the server can have this name here. */
  ownName(server: string, shown: string): string | undefined;
  /** Own names of the server's tools that have got another. */
  renamed(server: string): readonly string[];
  description(server: string, own: string): string | undefined;
}

export function createProfileRule(config: ProfileConfig): ProfileRule {
  const { servers, tools, annotations } = config;
  const { rename, describe } = tools;
  const byServer = new Map<string, { readonly own: Map<string, string> }>();
  for (const [id, shown] of Object.entries(rename)) {
    const server = id.slice(0, id.indexOf(':'));
    const names = byServer.get(server) ?? { own: new Map<string, string>() };
    byServer.set(server, names);
    names.own.set(shown, id.slice(server.length + 1));
  }
  const matches = (patterns: readonly string[], server: string, tool: string) =>
    patterns.some((pattern) => matchesGlob(pattern.includes(':') ? toolId(server, tool) : tool, pattern));
  return {
    config,
    hasServer: (server) => servers.some((pattern) => matchesGlob(server, pattern)),
    hasTool(server, own, definition) {
      if (matches(tools.deny, server, own)) return false;
      return (tools.allow === undefined || matches(tools.allow, server, own)) && fits(annotations, definition);
    },
    shownName: (server, own) => textOf(rename, toolId(server, own)) ?? own,
    ownName(server, shown) {
      const own = byServer.get(server)?.own.get(shown);
      if (own !== undefined) return own;
      return textOf(rename, toolId(server, shown)) === undefined ? shown : undefined;
    },
    renamed: (server) => [...(byServer.get(server)?.own.values() ?? [])],
    description: (server, own) => textOf(describe, toolId(server, own)),
  };
}

const textOf = (record: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/** What the protocol says of a tool that says nothing of itself (MCP 2025-11-25, ToolAnnotations). */
const UNSAID = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true } as const;

function fits(wanted: ProfileConfig['annotations'], ask: Definition): boolean {
  const hints = (Object.keys(UNSAID) as (keyof typeof UNSAID)[]).filter((hint) => wanted[hint] !== undefined);
  if (hints.length === 0) return true;
  const definition = ask();
  if (!definition) return false;
  return hints.every((hint) => {
    const said = definition.annotations?.[hint];
    return (typeof said === 'boolean' ? said : UNSAID[hint]) === wanted[hint];
  });
}
