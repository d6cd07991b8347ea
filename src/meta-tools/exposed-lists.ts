/** What the servers of a direct profile list besides tools, item by item with whose it is. */
import type { KnownServer } from '../catalog/server-directory.ts';
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';
import type { CallContext, MetaToolParts } from './parts.ts';
import { callUpstream } from './upstream-call.ts';

/** The rest of a list is worth more than a server that hangs. */
export const LISTING_MS_MAX = 20_000;
const PAGES_MAX = 100;
/** Whoever reads what was listed a moment ago should not make every server list it again. */
const REMEMBERED_MS = 30_000;
const REMEMBERED_MAX = 1_000;

/** A list of the protocol: how it is asked for, where its items stand, and which capability says that there is one. */
export interface ListKind {
  readonly method: 'prompts/list' | 'resources/list' | 'resources/templates/list';
  readonly key: 'prompts' | 'resources' | 'resourceTemplates';
  readonly capability: 'prompts' | 'resources';
}

export interface OwnedItem {
  readonly server: KnownServer;
  readonly item: JsonObject;
}

interface Remembered {
  readonly atMs: number;
  readonly items: readonly JsonObject[];
}

/** Lists of servers, each as one principal was given it. */
export class ExposedLists {
  readonly #lists = new Map<string, Remembered>();

  /** Of all servers that have such a list, in their order; failing ones are left out. `fresh` asks each of them again. */
  async of(
    parts: MetaToolParts,
    kind: ListKind,
    { context, fresh = false }: { readonly context: CallContext; readonly fresh?: boolean },
  ): Promise<OwnedItem[]> {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(LISTING_MS_MAX)]);
    await listUnlisted(parts, signal);
    const servers = serversWith(parts, kind.capability);
    const asked = servers.map(async (server) => {
      const name = [context.principal.id, server.name, server.configHash, kind.method].join('\n');
      const known = fresh ? undefined : this.#recall(name);
      const items = known ?? (await allPages(parts, { server, kind, context: { ...context, signal } }));
      if (!known) this.#remember(name, items);
      return items.map((item) => ({ server, item }));
    });
    const results = await Promise.allSettled(asked);
    return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  }

  #recall(name: string): readonly JsonObject[] | undefined {
    const found = this.#lists.get(name);
    return found && performance.now() - found.atMs < REMEMBERED_MS ? found.items : undefined;
  }

  #remember(name: string, items: readonly JsonObject[]): void {
    if (this.#lists.size >= REMEMBERED_MAX) this.#lists.clear();
    this.#lists.set(name, { atMs: performance.now(), items });
  }
}

/** Only a listing says what a server has. */
export async function listUnlisted({ directory, catalog, discovery }: MetaToolParts, signal: AbortSignal) {
  const unlisted = directory.names().filter((server) => !catalog.listing(server));
  await Promise.allSettled(unlisted.map((server) => discovery.ensureListed(server, { signal })));
}

/** By what they said of themselves when they were listed. */
export function serversWith({ directory, catalog }: MetaToolParts, capability: string): KnownServer[] {
  return directory.names().flatMap((name) => {
    const known = directory.get(name);
    return known && isObject(catalog.listing(name)?.capabilities[capability]) ? [known] : [];
  });
}

interface Listing {
  readonly server: KnownServer;
  readonly kind: ListKind;
  readonly context: CallContext;
}

async function allPages(parts: MetaToolParts, { server, kind, context }: Listing): Promise<JsonObject[]> {
  const { method, key } = kind;
  const items: JsonObject[] = [];
  const cursors = new Set<Json | undefined>();
  for (let cursor: Json | undefined; cursors.size < PAGES_MAX && !cursors.has(cursor); ) {
    cursors.add(cursor);
    const params: JsonObject = cursor === undefined ? {} : { cursor };
    const page = await callUpstream(parts, { door: 'profile', server, tool: method, method, params, context });
    for (const item of Array.isArray(page[key]) ? page[key] : []) if (isObject(item)) items.push(item as JsonObject);
    if (typeof page.nextCursor !== 'string') break;
    cursor = page.nextCursor;
  }
  return items;
}
