/** What a profile shows of a server and its tools, and under which names. */
import type { KnownServer } from '../catalog/server-directory.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { toolId } from '../catalog/tool-id.ts';
import { type ToolNames, toolNames } from '../catalog/tool-names.ts';
import type { ProfileConfig } from '../config/profile-config.ts';
import { matchesGlob } from '../config/tool-filter.ts';
import type { GivenNames } from '../config/tools-config.ts';

type Definition = () => ToolDefinition | undefined;

export interface ProfileRule {
  readonly config: ProfileConfig;
  hasServer(server: string): boolean;
  /** By the server's own name; `definition` is asked only where it matters, undefined for a tool that nobody has listed. */
  hasTool(server: string, own: string, definition: Definition): boolean;
  /** How its tools are shown here, over what its own entry says; undefined where they are shown as they are. */
  names(server: KnownServer): ToolNames | undefined;
}

export function createProfileRule(config: ProfileConfig): ProfileRule {
  const { servers, tools, annotations } = config;
  const given = byServer(tools);
  const made = new WeakMap<KnownServer, { readonly names: ToolNames | undefined }>();
  const matches = (patterns: readonly string[], server: string, tool: string) =>
    patterns.some((pattern) => matchesGlob(pattern.includes(':') ? toolId(server, tool) : tool, pattern));
  return {
    config,
    hasServer: (server) => servers.some((pattern) => matchesGlob(server, pattern)),
    hasTool(server, own, definition) {
      if (matches(tools.deny, server, own)) return false;
      return (tools.allow === undefined || matches(tools.allow, server, own)) && fits(annotations, definition);
    },
    names(known) {
      const own = given.get(known.name);
      if (!own) return known.names;
      const names = made.get(known) ?? { names: toolNames([...(known.names?.layers ?? []), own]) };
      made.set(known, names);
      return names.names;
    },
  };
}

/** What is said of `server:tool`, as it is said of the tools of each server. */
function byServer({ rename, describe }: GivenNames): Map<string, GivenNames> {
  const ids = [...Object.keys(rename), ...Object.keys(describe)];
  const servers = new Set(ids.map((id) => id.slice(0, id.indexOf(':'))));
  const of = (server: string, record: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([id, text]) =>
        id.startsWith(`${server}:`) ? [[id.slice(server.length + 1), text]] : [],
      ),
    );
  return new Map(
    [...servers].map((server) => [server, { rename: of(server, rename), describe: of(server, describe) }]),
  );
}

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
