/** Which tools of a server may be seen and called at its own door, and as what: what is allowed, and nothing that waits for approval. */
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { ToolDefinition } from '../catalog/tool-definition.ts';
import { isObject, type Json } from '../stdx/json.ts';

/** Under `changes: quarantine` only what the catalog has is approved; what the server itself lists may not be. */
export function usableTools(catalog: Pick<Catalog, 'tool'>, known: KnownServer): (tool: string) => boolean {
  if (known.changes !== 'quarantine') return known.allows;
  return (tool) => known.allows(tool) && catalog.tool(known.name, tool) !== undefined;
}

/** A list as the server gave it, as it is shown: the same items, without a copy, where nothing has another name. */
export function shownTools({ shows }: KnownServer, listed: Json | undefined): readonly Json[] {
  const tools = Array.isArray(listed) ? listed : [];
  if (!shows) return tools;
  return tools.flatMap((tool) => {
    if (!isObject(tool) || typeof tool.name !== 'string') return [tool];
    return (shows.show(tool as unknown as ToolDefinition) as unknown as Json) ?? [];
  });
}
