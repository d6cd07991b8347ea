/** The catalog in SQLite: nothing is kept in memory but prepared statements, one a question. */
import type { JsonObject } from '../stdx/json.ts';
import type { Catalog, ListingChange, ListingFailure, ServerListing, StoredTool } from './catalog.ts';
import type { Database, Statement } from './database.ts';
import { fingerprint } from './fingerprint.ts';
import type { ToolDefinition } from './tool-definition.ts';

export function createCatalog(database: Database): Catalog {
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

class SqliteCatalog implements Catalog {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  listings(): ServerListing[] {
    return this.#rows<ListingRow>('SELECT * FROM listings ORDER BY server').map(toListing);
  }

  listing(server: string): ServerListing | undefined {
    return this.#rows<ListingRow>('SELECT * FROM listings WHERE server = ?', server).map(toListing)[0];
  }

  failure(server: string): ListingFailure | undefined {
    const sql = `SELECT server, config_hash AS configHash, reason, failed_at AS failedAt FROM failures WHERE server = ?`;
    return this.#rows<ListingFailure>(sql, server)[0];
  }

  tools(server: string): StoredTool[] {
    const sql = 'SELECT server, name, hash, definition FROM tools WHERE server = ? ORDER BY position';
    return this.#rows<ToolRow>(sql, server).map(toTool);
  }

  tool(server: string, name: string): StoredTool | undefined {
    const sql = 'SELECT server, name, hash, definition FROM tools WHERE server = ? AND name = ?';
    return this.#rows<ToolRow>(sql, server, name).map(toTool)[0];
  }

  toolNames(server: string): string[] {
    const sql = 'SELECT name FROM tools WHERE server = ? ORDER BY position';
    return this.#rows<{ name: string }>(sql, server).map((row) => row.name);
  }

  serversWithTool(name: string): string[] {
    const sql = 'SELECT server FROM tools WHERE name = ? ORDER BY server';
    return this.#rows<{ server: string }>(sql, name).map((row) => row.server);
  }

  replace(listing: Omit<ServerListing, 'fingerprint' | 'toolCount'>, tools: readonly ToolDefinition[]): ListingChange {
    const unique = withoutDuplicates(tools);
    return this.#transaction(() => {
      const change = this.#replaceTools(listing.server, unique);
      this.#writeListing({ ...listing, toolCount: unique.length, fingerprint: fingerprint(unique) });
      this.#run('DELETE FROM failures WHERE server = ?', listing.server);
      return change;
    });
  }

  recordFailure(failure: ListingFailure): void {
    const { server, configHash, reason, failedAt } = failure;
    this.#run('INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)', server, configHash, reason, failedAt);
  }

  forget(server: string): void {
    this.#transaction(() => {
      for (const table of ['listings', 'failures', 'tools']) this.#run(`DELETE FROM ${table} WHERE server = ?`, server);
    });
  }

  generation(): number {
    return this.#rows<{ data_version: number }>('PRAGMA data_version')[0]?.data_version ?? 0;
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
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #rows<Row>(sql: string, ...parameters: string[]): Row[] {
    return this.#prepare(sql).all(...parameters) as unknown as Row[];
  }

  #run(sql: string, ...parameters: (string | number | null)[]): void {
    this.#prepare(sql).run(...parameters);
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
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
    serverInfo: JSON.parse(row.server_info) as JsonObject,
    capabilities: JSON.parse(row.capabilities) as JsonObject,
    instructions: row.instructions ?? undefined,
  };
}

function toTool(row: ToolRow): StoredTool {
  const { server, name, hash } = row;
  return { server, name, hash, definition: JSON.parse(row.definition) as ToolDefinition };
}
