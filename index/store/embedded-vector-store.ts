/** The default store: every vector in memory, durable as one block of bytes a server. */
import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../src/stdx/clock.ts';
import { isObject } from '../../src/stdx/json.ts';
import { IndexError } from '../index-error.ts';
import { type ForgivingStorage, forgivingStorage } from './forgiving-storage.ts';
import { VectorMatrix } from './vector-matrix.ts';
import { readSnapshot, writeSnapshot } from './vector-snapshot.ts';
import type { BlobStorage, NearestRequest, VectorHit, VectorRecord, VectorStore } from './vector-store.ts';

export interface EmbeddedVectorStoreOptions {
  /** Without it the vectors live as long as the process. */
  readonly storage?: BlobStorage;
  readonly clock?: Clock;
}

/**
 * Writing waits so long for more changes, and many times as long as the last write took: a server is written as a whole,
 * so one of thousands of tools that is embedded for minutes would be written over and over. What a crash loses is only
 * embedded again.
 */
const WRITE_DELAY_MS = 500;
const REST_PER_WRITE = 50;
/** What could not be written is tried again after so long: a disk that is full may have room again. */
const RETRY_WRITE_MS = 60_000;
/** Collections of as many models are kept, those of the built-in one and of a better one among them; the oldest go. */
const COLLECTIONS_KEPT = 3;
const COLLECTIONS_KEY = 'vectors/collections';

export function createEmbeddedVectorStore(options: EmbeddedVectorStoreOptions = {}): VectorStore {
  return new EmbeddedVectorStore(options);
}

interface Row {
  readonly id: string;
  readonly server: string;
  readonly hash: string;
}

class EmbeddedVectorStore implements VectorStore {
  readonly isImmediate = true;
  readonly #storage: ForgivingStorage | undefined;
  readonly #clock: Clock;
  #matrix: VectorMatrix | undefined;
  #prefix = '';
  #rows: Row[] = [];
  readonly #rowOf = new Map<string, number>();
  readonly #servers = new Map<string, Set<string>>();
  readonly #dirty = new Set<string>();
  #cancelWrite: (() => void) | undefined;
  #delayMs = WRITE_DELAY_MS;

  constructor({ storage, clock = systemClock }: EmbeddedVectorStoreOptions) {
    this.#storage = storage && forgivingStorage(storage);
    this.#clock = clock;
  }

  async open({ identity, dimensions }: { identity: string; dimensions: number }): Promise<void> {
    this.#matrix = new VectorMatrix(dimensions);
    const collection = createHash('sha256').update(`${identity}/${dimensions}`).digest('hex').slice(0, 16);
    this.#prefix = `vectors/${collection}`;
    if (!this.#storage) return;
    for (const old of this.#enter(collection)) this.#drop(old);
    for (const server of this.#readList(this.#prefix)) this.#load(server);
  }

  async hashes(): Promise<ReadonlyMap<string, string>> {
    return new Map(this.#rows.map(({ id, hash }) => [id, hash]));
  }

  async upsert(records: readonly VectorRecord[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { dimensions } = this.#opened();
    for (const { vector, id } of records) checkVector(vector, dimensions, id);
    for (const record of records) this.#put(record);
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#take(id);
  }

  async nearest({ vector, limit, servers, signal }: NearestRequest): Promise<VectorHit[]> {
    signal?.throwIfAborted();
    const matrix = this.#opened();
    checkVector(vector, matrix.dimensions, 'the request');
    const accept = servers && ((row: number) => servers.has(this.#rows[row]?.server ?? ''));
    return matrix
      .nearest(vector, limit, { accept, isBefore: this.#isBefore })
      .map(({ slot, score }) => ({ id: this.#rows[slot]?.id ?? '', similarity: score }));
  }

  /** By id, so that it never matters in which order equal vectors came. */
  readonly #isBefore = (row: number, other: number) => (this.#rows[row]?.id ?? '') < (this.#rows[other]?.id ?? '');

  /** Writes what has not been written yet. */
  async close(): Promise<void> {
    this.#cancelWrite?.();
    this.#write();
    this.#cancelWrite?.();
  }

  #opened(): VectorMatrix {
    if (!this.#matrix) throw new IndexError('closed', 'The embedded vector store is not open');
    return this.#matrix;
  }

  #put({ id, server, hash, vector }: VectorRecord): void {
    const matrix = this.#opened();
    const known = this.#rowOf.get(id);
    if (known !== undefined && this.#rows[known]?.server !== server) this.#take(id);
    const row = this.#rowOf.get(id);
    if (row === undefined) this.#rowOf.set(id, matrix.push(vector));
    else matrix.set(row, vector);
    this.#rows[row ?? matrix.size - 1] = { id, server, hash };
    const ids = this.#servers.get(server);
    if (ids) ids.add(id);
    else this.#servers.set(server, new Set([id]));
    this.#touch(server);
  }

  #take(id: string): void {
    const row = this.#rowOf.get(id);
    const gone = row === undefined ? undefined : this.#rows[row];
    const last = this.#rows.at(-1);
    if (row === undefined || !gone || !last) return;
    this.#opened().removeSwapping(row);
    this.#rows[row] = last;
    this.#rowOf.set(last.id, row);
    this.#rows.pop();
    this.#rowOf.delete(id);
    this.#servers.get(gone.server)?.delete(id);
    this.#touch(gone.server);
  }

  #touch(server: string): void {
    if (!this.#storage) return;
    this.#dirty.add(server);
    this.#cancelWrite ??= this.#clock.after(this.#delayMs, () => this.#write());
  }

  #write(): void {
    this.#cancelWrite = undefined;
    if (!this.#storage || this.#dirty.size === 0) return;
    const startedAt = this.#clock.now();
    const written = [...this.#dirty].filter((server) => this.#writeServer(server));
    for (const server of written) this.#dirty.delete(server);
    this.#enlist(written);
    this.#delayMs = Math.max(WRITE_DELAY_MS, REST_PER_WRITE * (this.#clock.now() - startedAt));
    if (this.#dirty.size > 0) this.#cancelWrite = this.#clock.after(RETRY_WRITE_MS, () => this.#write());
  }

  /** Whether what there is of it is written now. */
  #writeServer(server: string): boolean {
    const matrix = this.#opened();
    const records = [...(this.#servers.get(server) ?? [])].map((id) => {
      const row = this.#rowOf.get(id) ?? 0;
      return { id, hash: this.#rows[row]?.hash ?? '', vector: matrix.vector(row) };
    });
    if (records.length > 0)
      return this.#storage?.write(this.#key(server), writeSnapshot(records, matrix.dimensions)) ?? false;
    this.#servers.delete(server);
    return this.#storage?.delete(this.#key(server)) ?? false;
  }

  /** Another process may keep other servers in the same collection. */
  #enlist(written: readonly string[]): void {
    const others = this.#readList(this.#prefix).filter((server) => !written.includes(server));
    if (this.#storage) writeList(this.#storage, this.#prefix, [...new Set([...this.#servers.keys(), ...others])]);
  }

  #load(server: string): void {
    const matrix = this.#opened();
    const bytes = this.#storage?.read(this.#key(server));
    const records = bytes && readSnapshot(bytes, matrix.dimensions);
    for (const { id, hash, vector } of records ?? []) {
      this.#rowOf.set(id, matrix.push(vector));
      this.#rows.push({ id, server, hash });
    }
    if (records) this.#servers.set(server, new Set(records.map(({ id }) => id)));
  }

  /** Puts the collection first in the list of all; returns those that fall off its end. */
  #enter(collection: string): string[] {
    const all = [collection, ...this.#readList(COLLECTIONS_KEY).filter((other) => other !== collection)];
    if (this.#storage) writeList(this.#storage, COLLECTIONS_KEY, all.slice(0, COLLECTIONS_KEPT));
    return all.slice(COLLECTIONS_KEPT);
  }

  #drop(collection: string): void {
    const prefix = `vectors/${collection}`;
    for (const server of this.#readList(prefix)) this.#storage?.delete(`${prefix}/${server}`);
    this.#storage?.delete(prefix);
  }

  #readList(key: string): string[] {
    const bytes = this.#storage?.read(key);
    return bytes ? parseList(new TextDecoder().decode(bytes)) : [];
  }

  #key(server: string): string {
    return `${this.#prefix}/${server}`;
  }
}

function writeList(storage: BlobStorage, key: string, names: readonly string[]): void {
  storage.write(key, new TextEncoder().encode(JSON.stringify({ names })));
}

/** A damaged list is an empty one: what it named is embedded again. */
function parseList(json: string): string[] {
  try {
    const list: unknown = JSON.parse(json);
    const names = isObject(list) && Array.isArray(list.names) ? list.names : [];
    return names.filter((name) => typeof name === 'string');
  } catch {
    return [];
  }
}

function checkVector(vector: Float32Array, dimensions: number, owner: string): void {
  if (vector.length !== dimensions) {
    throw new IndexError('mismatch', `The vector of ${owner} has ${vector.length} numbers instead of ${dimensions}`);
  }
  if (!vector.every(Number.isFinite)) throw new IndexError('bad-answer', `The vector of ${owner} is not all numbers`);
}
