/** The part of the catalog that one request may see, found once for all who look at it. */
import type { DocumentTable } from './document-table.ts';
import type { SearchRequest } from './tool-index.ts';

/** True as long as the table has the same version. */
export interface Scope {
  readonly version: number;
  readonly accept: (slot: number) => boolean;
  readonly searched: number;
  /** Of the tools that may be seen; undefined where all may. */
  readonly servers?: ReadonlySet<string>;
}

/** Asks `allow` about every document once. */
export function scopeOf(table: DocumentTable, allow: SearchRequest['allow']): Scope {
  const { version } = table;
  if (!allow) return { version, accept: (slot) => table.entry(slot) !== undefined, searched: table.size };
  const [seen, servers] = [new Uint8Array(table.slotLimit), new Set<string>()];
  let searched = 0;
  for (const [slot, entry] of table.entries()) {
    if (!allow(entry)) continue;
    seen[slot] = 1;
    searched++;
    servers.add(entry.server);
  }
  return { version, accept: (slot) => seen[slot] === 1, searched, servers };
}
