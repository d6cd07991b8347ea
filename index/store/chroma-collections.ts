/** The collections of one Chroma database: one a model, found by its name, and dropped when no gateway has used it for long. */
import { createHash } from 'node:crypto';
import type { ChromaClient, Collection, CollectionConfiguration } from 'chromadb';
import { IndexError } from '../index-error.ts';

export interface ModelCollection {
  readonly id: string;
  readonly name: string;
  readonly identity: string;
  readonly dimensions: number;
  /** The day, since 1970, on which it was last marked as used. */
  readonly usedOn: number;
}

/** Wide enough that the approximate search loses nothing on catalogs of tens of thousands of tools (ADR 0022). */
const HNSW = { space: 'cosine', ef_construction: 200, ef_search: 1_000, max_neighbors: 32 } as const;
const PAGE = 100;
const DAY_MS = 86_400_000;

/** Opens or makes the collection of the model; two gateways that do so at once get the same one. */
export async function openCollection(
  client: ChromaClient,
  prefix: string,
  model: { readonly identity: string; readonly dimensions: number },
): Promise<ModelCollection> {
  const name = `${prefix}-${createHash('sha256').update(model.identity).digest('hex').slice(0, 16)}`;
  const collection = await client.getOrCreateCollection({
    name,
    embeddingFunction: null,
    configuration: { hnsw: HNSW },
    metadata: marks(model),
  });
  const dimensions = collection.metadata?.tooldex_dimensions;
  if (dimensions !== model.dimensions) {
    throw unfit(
      name,
      `has vectors of ${dimensions ?? 'unknown'} numbers where ${model.identity} has ${model.dimensions}`,
    );
  }
  const space = spaceOf(collection.configuration);
  if (space !== 'cosine') throw unfit(name, `measures ${space} instead of cosine`);
  const usedOn = collection.metadata?.tooldex_used;
  return { id: collection.id, name, ...model, usedOn: typeof usedOn === 'number' ? usedOn : 0 };
}

/** Says that the collection is in use today, so that no gateway with another model drops it. */
export async function markUsed(client: ChromaClient, { name, identity, dimensions }: ModelCollection): Promise<void> {
  const collection = await client.getCollection({ name });
  await collection.modify({ metadata: marks({ identity, dimensions }) });
}

/** Drops what other models left behind and nobody has used for so many days; returns the names. */
export async function dropUnused(
  client: ChromaClient,
  prefix: string,
  keep: { name: string; days: number },
): Promise<string[]> {
  const limit = today() - keep.days;
  const dropped: string[] = [];
  for (const { name, metadata } of await allCollections(client)) {
    const used = metadata?.tooldex_used;
    if (name === keep.name || !name.startsWith(`${prefix}-`) || typeof used !== 'number' || used >= limit) continue;
    await client.deleteCollection({ name });
    dropped.push(name);
  }
  return dropped;
}

/** Days since 1970: as precise as it must be, and it changes seldom. */
export const today = () => Math.floor(Date.now() / DAY_MS);

/** Chroma Cloud allows values of 256 bytes. */
const marks = ({ identity, dimensions }: { identity: string; dimensions: number }) => ({
  tooldex_model: identity.slice(0, 200),
  tooldex_dimensions: dimensions,
  tooldex_used: today(),
});

async function allCollections(client: ChromaClient): Promise<Collection[]> {
  const all: Collection[] = [];
  for (;;) {
    const page = await client.listCollections({ limit: PAGE, offset: all.length });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

const spaceOf = ({ hnsw, spann }: CollectionConfiguration) => hnsw?.space ?? spann?.space ?? 'cosine';

const unfit = (name: string, trouble: string) =>
  new IndexError('mismatch', `The Chroma collection ${name} ${trouble}`, {
    hint: 'Set another collection prefix, or delete that collection.',
  });
