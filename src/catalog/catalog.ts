/** What servers and tools are known, whether or not they run: the durable memory that search and calls are answered from. */
import type { JsonObject } from '../stdx/json.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** What was learned of a server the last time somebody asked it. */
export interface ServerListing {
  readonly server: string;
  /** Hash of the configuration that was listed; another one means that the listing is out of date. */
  readonly configHash: string;
  /** Hash over all tool definitions in order. */
  readonly fingerprint: string;
  readonly toolCount: number;
  /** Milliseconds since 1970. */
  readonly listedAt: number;
  /** Milliseconds from launch to initialized, as measured while listing. */
  readonly startMs: number;
  readonly protocolVersion: string;
  readonly serverInfo: JsonObject;
  readonly capabilities: JsonObject;
  readonly instructions: string | undefined;
}

export interface ListingFailure {
  readonly server: string;
  readonly configHash: string;
  readonly reason: string;
  readonly failedAt: number;
}

export interface StoredTool {
  readonly server: string;
  readonly name: string;
  /** Equal exactly when the definitions are. */
  readonly hash: string;
  readonly definition: ToolDefinition;
}

/** What changed when a server was listed again, by tool name. */
export interface ListingChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface Catalog {
  listings(): ServerListing[];
  listing(server: string): ServerListing | undefined;
  failure(server: string): ListingFailure | undefined;
  /** In the order in which the server listed them. */
  tools(server: string): StoredTool[];
  tool(server: string, name: string): StoredTool | undefined;
  toolNames(server: string): string[];
  /** Servers that have a tool of exactly this name. */
  serversWithTool(name: string): string[];
  /** Replaces everything known of the server, in one transaction; duplicate names keep the first. */
  replace(listing: Omit<ServerListing, 'fingerprint' | 'toolCount'>, tools: readonly ToolDefinition[]): ListingChange;
  /** Notes why listing failed; what was known before stays. */
  recordFailure(failure: ListingFailure): void;
  forget(server: string): void;
  /** Changes whenever another process has written: what was read before may be out of date. */
  generation(): number;
  close(): void;
}
