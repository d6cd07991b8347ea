/** Which tools of a server may be seen and called at its own door: what is allowed, and nothing that waits for approval. */
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownServer } from '../catalog/server-directory.ts';

/** Under `changes: quarantine` only what the catalog has is approved; what the server itself lists may not be. */
export function usableTools(catalog: Pick<Catalog, 'tool'>, known: KnownServer): (tool: string) => boolean {
  if (known.changes !== 'quarantine') return known.allows;
  return (tool) => known.allows(tool) && catalog.tool(known.name, tool) !== undefined;
}
