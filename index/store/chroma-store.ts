/** Keeps vectors in a Chroma server, which several gateways may share: a server by address, Chroma Cloud, or a child of ours. */
import { createHash } from 'node:crypto';
import type { Collection, Where } from 'chromadb';
import { unitVector } from '../embedding/unit-vector.ts';
import { IndexError } from '../index-error.ts';
import { dropUnused, type ModelCollection, markUsed, openCollection, today } from './chroma-collections.ts';
import { ChromaConnection, type ChromaConnectionOptions } from './chroma-connection.ts';
import type { NearestRequest, VectorHit, VectorRecord, VectorStore } from './vector-store.ts';

export interface ChromaStoreOptions extends ChromaConnectionOptions {
  /** Collections are named `<prefix>-<hash of the model>`; gateways that share one share everything. `tooldex`. */
  readonly collectionPrefix?: string | undefined;
  /** Records a request, writing and reading; 300, which is what Chroma Cloud allows. */
  readonly batchSize?: number | undefined;
  /** After so many days without use by any gateway a collection of another model is dropped; 14. */
  readonly keepUnusedDays?: number | undefined;
  /** Drops its collection when it is closed; false. */
  readonly isTemporary?: boolean | undefined;
}

/** Longest id that Chroma Cloud takes, in bytes. */
const ID_BYTES = 128;

/** Connects when it is opened, not before. Every method rejects with IndexError, and in time, when Chroma fails. */
export function createChromaStore(options: ChromaStoreOptions): VectorStore {
  const prefix = options.collectionPrefix ?? 'tooldex';
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,60}$/.test(prefix)) {
    throw new IndexError('invalid-option', `"${prefix}" cannot begin the name of a Chroma collection`, {
      hint: 'Use up to 61 letters, digits, dots, dashes and underscores, a letter or digit first.',
    });
  }
  return new ChromaStore({ ...options, collectionPrefix: prefix });
}

class ChromaStore implements VectorStore {
  readonly mayVanish = true;
  readonly #connection: ChromaConnection;
  readonly #prefix: string;
  readonly #batchSize: number;
  readonly #keepUnusedDays: number;
  readonly #isTemporary: boolean;
  #collection: ModelCollection | undefined;
  #markedOn = 0;

  constructor(options: ChromaStoreOptions & { collectionPrefix: string }) {
    this.#connection = new ChromaConnection(options);
    this.#prefix = options.collectionPrefix;
    this.#batchSize = Math.max(1, options.batchSize ?? 300);
    this.#keepUnusedDays = options.keepUnusedDays ?? 14;
    this.#isTemporary = options.isTemporary ?? false;
  }

  async open(model: { readonly identity: string; readonly dimensions: number }): Promise<void> {
    await this.#connection.ready();
    const collection = await this.#connection.request((client) => openCollection(client, this.#prefix, model));
    this.#collection = collection;
    this.#markedOn = collection.usedOn;
    if (this.#markedOn !== today()) await this.#markUsed(collection);
    await this.#tidy(collection);
  }

  async hashes(): Promise<ReadonlyMap<string, string>> {
    const hashes = new Map<string, string>();
    for (let offset = 0; ; offset += this.#batchSize) {
      const page = await this.#use((collection) =>
        collection.get({ limit: this.#batchSize, offset, include: ['metadatas'] }),
      );
      for (const metadata of page.metadatas) {
        if (typeof metadata?.id === 'string' && typeof metadata.hash === 'string')
          hashes.set(metadata.id, metadata.hash);
      }
      if (page.ids.length < this.#batchSize) return hashes;
    }
  }

  async upsert(records: readonly VectorRecord[], signal?: AbortSignal): Promise<void> {
    const { dimensions } = this.#opened();
    const latest = new Map(records.map((record) => [record.id, record]));
    const rows = [...latest.values()].map((record) => {
      return {
        ...record,
        vector: unitVector(record.vector, { dimensions, source: `The embedder, for ${record.id},` }),
      };
    });
    for (const batch of batches(rows, this.#batchSize)) {
      signal?.throwIfAborted();
      const rowsOf = {
        ids: batch.map(({ id }) => recordId(id)),
        embeddings: batch.map(({ vector }) => Array.from(vector)),
        metadatas: batch.map(({ id, server, hash }) => ({ id, server, hash })),
      };
      await this.#use((collection) => collection.upsert(rowsOf), signal);
    }
    this.#markUsedDaily();
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const batch of batches(ids, this.#batchSize)) {
      await this.#use((collection) => collection.delete({ ids: batch.map(recordId) }));
    }
  }

  async nearest({ vector, limit, servers, signal }: NearestRequest): Promise<VectorHit[]> {
    const { dimensions } = this.#opened();
    if (limit < 1 || servers?.size === 0) return [];
    const request = {
      queryEmbeddings: [Array.from(unitVector(vector, { dimensions, source: 'The embedder' }))],
      nResults: Math.min(limit, this.#batchSize),
      include: ['metadatas' as const, 'distances' as const],
      ...(servers ? { where: onlyServers(servers) } : {}),
    };
    const found = await this.#use((collection) => collection.query(request), signal);
    this.#markUsedDaily();
    return (found.metadatas[0] ?? [])
      .flatMap((metadata, i) => {
        const distance = found.distances[0]?.[i];
        return typeof metadata?.id === 'string' && typeof distance === 'number'
          ? [{ id: metadata.id, similarity: Math.max(-1, Math.min(1, 1 - distance)) }]
          : [];
      })
      .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1));
  }

  /** The collection stays unless it is temporary; closing twice does nothing. */
  async close(): Promise<void> {
    const collection = this.#collection;
    this.#collection = undefined;
    if (collection && this.#isTemporary) await this.#drop(collection);
    await this.#connection.close();
  }

  #opened(): ModelCollection {
    if (!this.#collection) throw new IndexError('closed', 'The Chroma store is not open');
    return this.#collection;
  }

  /** A collection that somebody has deleted is `gone`; one that was made anew while the request was under way is asked instead. */
  async #use<T>(work: (collection: Collection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { id, name } = this.#opened();
    try {
      return await this.#connection.request((client) => work(client.collection(id)), signal);
    } catch (error) {
      if (!(error instanceof IndexError) || error.fault !== 'missing') throw error;
      if (this.#collection && this.#collection.id !== id) return this.#use(work, signal);
      const trouble = `The collection ${name} has been deleted from Chroma; it is made and filled again`;
      throw new IndexError('gone', trouble, { cause: error });
    }
  }

  #markUsedDaily(): void {
    const collection = this.#collection;
    if (collection && this.#markedOn !== today()) void this.#markUsed(collection);
  }

  /** The mark serves other gateways only: failing to set it today must not fail a search. */
  async #markUsed(collection: ModelCollection): Promise<void> {
    this.#markedOn = today();
    await this.#connection.request((client) => markUsed(client, collection)).catch(() => {});
  }

  /** One that cannot be dropped now is dropped by the gateways that find it unused. */
  async #drop({ name }: ModelCollection): Promise<void> {
    await this.#connection.request((client) => client.deleteCollection({ name })).catch(() => {});
  }

  /** What cannot be dropped today can be tomorrow. */
  async #tidy({ name }: ModelCollection): Promise<void> {
    const keep = { name, days: this.#keepUnusedDays };
    await this.#connection.request((client) => dropUnused(client, this.#prefix, keep)).catch(() => {});
  }
}

/** The tool's own id where Chroma takes it, so that people can read it there; else its hash. Metadata has the id in any case. */
function recordId(id: string): string {
  const fits = id !== '' && Buffer.byteLength(id) <= ID_BYTES;
  return fits ? id : `sha256-${createHash('sha256').update(id).digest('base64url')}`;
}

function onlyServers(servers: ReadonlySet<string>): Where {
  const names = [...servers];
  return names.length === 1 ? { server: names[0] ?? '' } : { server: { $in: names } };
}

function* batches<T>(items: readonly T[], size: number): IterableIterator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
