/** Which protocol era each server speaks: as seen in this process, else as it was when the server was last listed. */
import type { Era } from '../bridge/upstream-session.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { isYoungerThan } from '../stdx/age.ts';
import type { EraStore } from './server-plan.ts';

/** A server may have been updated since; a stale answer costs one question, so it need not be believed for ever. */
const BELIEVED_MS = 7 * 24 * 3_600_000;
/** The first protocol version without an `initialize`. */
const FIRST_MODERN = '2026-07-28';

export function createEraStore(catalog: Catalog): EraStore {
  const seen = new Map<string, Era>();
  return {
    get: (server) => seen.get(server) ?? listedEra(catalog, server),
    set: (server, era) => seen.set(server, era),
  };
}

function listedEra(catalog: Catalog, server: string): Era | undefined {
  const listing = catalog.listing(server);
  if (!listing || !isYoungerThan(BELIEVED_MS, listing.listedAt)) return undefined;
  return listing.protocolVersion >= FIRST_MODERN ? 'modern' : 'legacy';
}
