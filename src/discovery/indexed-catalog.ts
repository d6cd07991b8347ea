/** Keeps the search index in step with the catalog, from the first time that somebody wants to search. */
import type { ToolDocument } from '../../index/tool-document.ts';
import type { ToolIndex } from '../../index/tool-index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownServer, ServerDirectory } from '../catalog/server-directory.ts';
import { SingleFlight } from '../stdx/single-flight.ts';
import { documentOf } from './document-of.ts';

export interface IndexedCatalogParts {
  readonly catalog: Catalog;
  readonly directory: ServerDirectory;
  readonly index: ToolIndex;
  /** Some of the server's tools cannot be read. */
  readonly onDamaged?: (server: string) => void;
}

/** What of a server stands in the index. */
interface Loaded {
  readonly fingerprint: string;
  /** Says which of the tools there are and how the server is described; another object after each change of that. */
  readonly known: KnownServer;
  readonly ids: readonly string[];
}

export class IndexedCatalog {
  readonly #parts: IndexedCatalogParts;
  readonly #loaded = new Map<string, Loaded>();
  readonly #refreshes = new SingleFlight<'all', void>();
  /** Of the catalog that was loaded last; undefined until somebody has searched: who never does not pay for it. */
  #generation: number | undefined;
  /** How often the directory was another one, and which of them was loaded last. */
  #directories = 0;
  #loadedDirectory = 0;
  /** All has been brought once more, and something is still lacking: another time would not help, until something changes. */
  #broughtAll = false;

  constructor(parts: IndexedCatalogParts) {
    this.#parts = parts;
  }

  /** Puts what the catalog knows into the index; cheap when nothing changed, also by another process. */
  async refresh(): Promise<void> {
    const isLoading = this.#refreshes.has('all');
    const isCurrent =
      this.#parts.catalog.generation() === this.#generation && this.#loadedDirectory === this.#directories;
    if (!this.#parts.index.lacksTexts || !isCurrent) this.#broughtAll = false;
    if (!isLoading && isCurrent && !this.#mustBringAll()) return;
    await this.#refreshes.run('all', () => this.#loadAll());
  }

  /** To be called when servers have come, gone or changed in the directory; the next refresh takes that in. */
  noteDirectory(): void {
    this.#directories += 1;
  }

  /** To be called when this process has written a server's listing: its own writes do not change the generation. */
  async noteListed(server: string): Promise<void> {
    // While everything is being loaded for the first time, that may have passed this server already.
    if (this.#generation !== undefined || this.#refreshes.has('all')) await this.#load(server);
  }

  async #loadAll(): Promise<void> {
    const generation = this.#parts.catalog.generation();
    const directory = this.#directories;
    for (const server of this.#parts.directory.names()) await this.#load(server);
    for (const server of this.#loaded.keys()) if (!this.#parts.directory.get(server)) await this.#unload(server);
    if (this.#mustBringAll()) await this.#bringAll();
    this.#generation = generation;
    this.#loadedDirectory = directory;
  }

  #mustBringAll(): boolean {
    return this.#parts.index.lacksTexts && !this.#broughtAll;
  }

  async #bringAll(): Promise<void> {
    for (const server of this.#parts.directory.names()) await this.#load(server, { isAgain: true });
    this.#broughtAll = this.#parts.index.lacksTexts;
  }

  async #load(server: string, { isAgain = false } = {}): Promise<void> {
    const { catalog, directory, index } = this.#parts;
    const listing = catalog.listing(server);
    const known = directory.get(server);
    const loaded = this.#loaded.get(server);
    if (!listing && loaded) await this.#unload(server);
    const isLoaded = loaded?.fingerprint === listing?.fingerprint && loaded?.known === known;
    if (!listing || !known || (isLoaded && !isAgain)) return;
    const stored = catalog.tools(server);
    const visible = stored.filter((tool) => known.allows(tool.name));
    const documents = visible.flatMap((tool) => documentOf(tool, known, listing) ?? []);
    await this.#removeAllBut(server, documents);
    await index.upsert(documents);
    const isWhole = stored.length === listing.toolCount;
    // Those that are listed again have the same fingerprint.
    const fingerprint = isWhole ? listing.fingerprint : '';
    this.#loaded.set(server, { fingerprint, known, ids: documents.map(({ id }) => id) });
    if (!isWhole) this.#parts.onDamaged?.(server);
  }

  async #unload(server: string): Promise<void> {
    await this.#removeAllBut(server, []);
    this.#loaded.delete(server);
  }

  async #removeAllBut(server: string, documents: readonly ToolDocument[]): Promise<void> {
    const kept = new Set(documents.map(({ id }) => id));
    const gone = (this.#loaded.get(server)?.ids ?? []).filter((id) => !kept.has(id));
    if (gone.length > 0) await this.#parts.index.remove(gone);
  }
}
