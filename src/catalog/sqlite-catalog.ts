/** The catalog in SQLite: nothing is kept in memory but prepared statements, one a question. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import type {
  Catalog,
  ListingChange,
  ListingFailure,
  ServerListing,
  StoredTool,
  WithheldTool,
  WithheldTools,
} from './catalog.ts';
import { type Database, inTransaction, type Statement, writing } from './database.ts';
import { fingerprint } from './fingerprint.ts';
import { KeptReads } from './kept-reads.ts';
import { sift, type Withheld } from './quarantine.ts';
import type { ToolDefinition } from './tool-definition.ts';

export function createCatalog(database: Database): Catalog & WithheldTools {
  return new SqliteCatalog(database);
}

interface ListingRow {
  server: string;
  config_hash: string;
  fingerprint: string;
  tool_count: number;
  listed_at: number;
  start_ms: number;
  protocol_version: string;
  server_info: string;
  capabilities: string;
  instructions: string | null;
}

interface ToolRow {
  server: string;
  name: string;
  hash: string;
  definition: string;
}

class SqliteCatalog implements Catalog, WithheldTools {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #kept = new KeptReads(() => this.generation());

  constructor(database: Database) {
    this.#database = database;
  }

  listings(): ServerListing[] {
    return this.#rows<ListingRow>('SELECT * FROM listings ORDER BY server').map(toListing);
  }

  listing(server: string): ServerListing | undefined {
    const read = () => this.#rows<ListingRow>('SELECT * FROM listings WHERE server = ?', server).map(toListing)[0];
    return this.#kept.once(this.#kept.listings, server, read);
  }

  failure(server: string): ListingFailure | undefined {
    const sql = `SELECT server, config_hash AS configHash, reason, failed_at AS failedAt FROM failures WHERE server = ?`;
    return this.#rows<ListingFailure>(sql, server)[0];
  }

  tools(server: string): StoredTool[] {
    const sql = 'SELECT server, name, hash, definition FROM tools WHERE server = ? ORDER BY position';
    return this.#rows<ToolRow>(sql, server).flatMap(toTool);
  }

  tool(server: string, name: string): StoredTool | undefined {
    const sql = 'SELECT server, name, hash, definition FROM tools WHERE server = ? AND name = ?';
    const read = () => this.#rows<ToolRow>(sql, server, name).flatMap(toTool)[0];
    return this.#kept.once(this.#kept.tools, `${server}\n${name}`, read);
  }

  toolNames(server: string): string[] {
    const sql = 'SELECT name FROM tools WHERE server = ? ORDER BY position';
    return this.#rows<{ name: string }>(sql, server).map((row) => row.name);
  }

  serversWithTool(name: string): string[] {
    const sql = 'SELECT server FROM tools WHERE name = ? ORDER BY server';
    return this.#rows<{ server: string }>(sql, name).map((row) => row.server);
  }

  replace(
    listing: Omit<ServerListing, 'fingerprint' | 'toolCount'>,
    tools: readonly ToolDefinition[],
    { quarantine = false }: { readonly quarantine?: boolean } = {},
  ): ListingChange {
    const { server } = listing;
    const unique = withoutDuplicates(tools);
    return this.#transaction(() => {
      const isGuarded = quarantine && this.listing(server) !== undefined;
      const { usable, withheld } = isGuarded ? sift(unique, this.#approved(server)) : { usable: unique, withheld: [] };
      this.#replaceWithheld(server, withheld);
      const change = this.#replaceTools(server, usable);
      this.#writeListing({ ...listing, toolCount: usable.length, fingerprint: fingerprint(usable) });
      this.#run('DELETE FROM failures WHERE server = ?', server);
      return withheld.length === 0 ? change : withWithheld(change, withheld);
    });
  }

  withheld(server?: string): WithheldTool[] {
    const rows = this.#rows<WithheldRow>('SELECT * FROM withheld_tools ORDER BY server, position');
    return rows.filter((row) => server === undefined || row.server === server).flatMap(toWithheld);
  }

  approve(server: string, tool?: string): string[] {
    return this.#transaction(() => {
      const names = this.withheld(server)
        .map(({ name }) => name)
        .filter((name) => tool === undefined || name === tool);
      const move = `INSERT OR REPLACE INTO tools
        SELECT server, name, position, hash, definition FROM withheld_tools WHERE server = ? AND name = ?`;
      for (const name of names) {
        this.#run(move, server, name);
        this.#run('DELETE FROM withheld_tools WHERE server = ? AND name = ?', server, name);
      }
      const now = fingerprint(this.tools(server).map(({ definition }) => definition));
      const count = this.toolNames(server).length;
      this.#run('UPDATE listings SET fingerprint = ?, tool_count = ? WHERE server = ?', now, count, server);
      return names;
    });
  }

  recordFailure(failure: ListingFailure): void {
    const { server, configHash, reason, failedAt } = failure;
    this.#run('INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)', server, configHash, reason, failedAt);
  }

  forget(server: string): void {
    this.#transaction(() => {
      for (const table of ['listings', 'failures', 'tools', 'withheld_tools'])
        this.#run(`DELETE FROM ${table} WHERE server = ?`, server);
    });
  }

  generation(): number {
    return this.#database.dataVersion();
  }

  version(): number {
    return this.#kept.version;
  }

  close(): void {
    this.#database.close();
  }

  #replaceTools(server: string, tools: readonly ToolDefinition[]): ListingChange {
    const before = this.#hashes(server);
    const after = new Map(tools.map((tool) => [tool.name, fingerprint(tool)]));
    this.#run('DELETE FROM tools WHERE server = ?', server);
    const insert = 'INSERT INTO tools VALUES (?, ?, ?, ?, ?)';
    for (const [position, tool] of tools.entries()) {
      this.#run(insert, server, tool.name, position, after.get(tool.name) ?? '', JSON.stringify(tool));
    }
    return difference(before, after);
  }

  /** What was in use last, whether or not it is withheld now. */
  #approved(server: string): Map<string, ToolDefinition> {
    const inUse = this.tools(server).map(({ name, definition }) => [name, definition] as const);
    const before = this.withheld(server).flatMap(({ name, approved }) => (approved ? [[name, approved] as const] : []));
    return new Map([...before, ...inUse]);
  }

  #replaceWithheld(server: string, withheld: readonly Withheld[]): void {
    const before = new Map(this.withheld(server).map((tool) => [tool.name, tool]));
    this.#run('DELETE FROM withheld_tools WHERE server = ?', server);
    const insert = 'INSERT INTO withheld_tools VALUES (?, ?, ?, ?, ?, ?, ?)';
    for (const { tool, position, approved } of withheld) {
      const hash = fingerprint(tool);
      const earlier = before.get(tool.name);
      const noticedAt = earlier && fingerprint(earlier.proposed) === hash ? earlier.noticedAt : Date.now();
      const old = approved ? JSON.stringify(approved) : null;
      this.#run(insert, server, tool.name, position, hash, JSON.stringify(tool), old, noticedAt);
    }
  }

  #hashes(server: string): Map<string, string> {
    const rows = this.#rows<{ name: string; hash: string }>('SELECT name, hash FROM tools WHERE server = ?', server);
    return new Map(rows.map((row) => [row.name, row.hash]));
  }

  #writeListing(listing: ServerListing): void {
    this.#run(
      'INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[listing.server, listing.configHash, listing.fingerprint, listing.toolCount, listing.listedAt],
      ...[listing.startMs, listing.protocolVersion, JSON.stringify(listing.serverInfo)],
      ...[JSON.stringify(listing.capabilities), listing.instructions ?? null],
    );
  }

  #transaction<Result>(work: () => Result): Result {
    try {
      return inTransaction(this.#database, work);
    } finally {
      this.#kept.forget();
    }
  }

  #rows<Row>(sql: string, ...parameters: string[]): Row[] {
    return this.#prepare(sql).all(...parameters) as unknown as Row[];
  }

  #run(sql: string, ...parameters: (string | number | null)[]): void {
    this.#kept.forget();
    writing(this.#database, () => this.#prepare(sql).run(...parameters));
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

interface WithheldRow extends ToolRow {
  approved: string | null;
  noticed_at: number;
}

function toWithheld({ server, name, definition, approved, noticed_at }: WithheldRow): WithheldTool[] {
  const proposed = definitionIn(definition);
  const before = approved === null ? undefined : definitionIn(approved);
  return proposed ? [{ server, name, proposed, approved: before, noticedAt: noticed_at }] : [];
}

/** A tool that is withheld is still there; it only waits. */
function withWithheld(change: ListingChange, withheld: readonly Withheld[]): ListingChange {
  const names = withheld.map(({ tool }) => tool.name);
  return { ...change, removed: change.removed.filter((name) => !names.includes(name)), withheld: names };
}

function withoutDuplicates(tools: readonly ToolDefinition[]): ToolDefinition[] {
  const first = new Map<string, ToolDefinition>();
  for (const tool of tools) if (!first.has(tool.name)) first.set(tool.name, tool);
  return [...first.values()];
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ListingChange {
  const names = [...after.keys()];
  return {
    added: names.filter((name) => !before.has(name)),
    changed: names.filter((name) => before.has(name) && before.get(name) !== after.get(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
  };
}

function toListing(row: ListingRow): ServerListing {
  return {
    server: row.server,
    configHash: row.config_hash,
    fingerprint: row.fingerprint,
    toolCount: row.tool_count,
    listedAt: row.listed_at,
    startMs: row.start_ms,
    protocolVersion: row.protocol_version,
    serverInfo: objectIn(row.server_info) ?? {},
    capabilities: objectIn(row.capabilities) ?? {},
    instructions: row.instructions ?? undefined,
  };
}

/** Nothing where the disk has damaged it; the listing still counts it, which tells that something is missing. */
function toTool({ server, name, hash, definition: text }: ToolRow): StoredTool[] {
  const definition = definitionIn(text);
  return definition ? [{ server, name, hash, definition }] : [];
}

function definitionIn(text: string): ToolDefinition | undefined {
  const definition = objectIn(text);
  return definition && isObject(definition.inputSchema) ? (definition as unknown as ToolDefinition) : undefined;
}

/** SQLite does not notice when bytes inside a row are not those that were written. */
function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
