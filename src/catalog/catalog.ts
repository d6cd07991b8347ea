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
  /** New or changed, and kept out until somebody approves; absent where nothing is. */
  readonly withheld?: readonly string[];
}

/** A tool as its server lists it now, which nobody has approved yet. */
export interface WithheldTool {
  readonly server: string;
  readonly name: string;
  readonly proposed: ToolDefinition;
  /** What was last in use; undefined for a tool that is new. */
  readonly approved: ToolDefinition | undefined;
  readonly noticedAt: number;
}

/** What waits for an admin; whoever answers agents needs none of it. */
export interface WithheldTools {
  /** Of all servers, or of one. */
  withheld(server?: string): WithheldTool[];
  /** Lets withheld tools in, all of a server or one; the names of those that were. */
  approve(server: string, tool?: string): string[];
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
  /**
   * Replaces everything known of the server, in one transaction; duplicate names keep the first. With `quarantine`, what
   * is new or different since the first listing is withheld: for everybody else it is not there.
   */
  replace(
    listing: Omit<ServerListing, 'fingerprint' | 'toolCount'>,
    tools: readonly ToolDefinition[],
    options?: { readonly quarantine?: boolean },
  ): ListingChange;
  /** Notes why listing failed; what was known before stays. */
  recordFailure(failure: ListingFailure): void;
  forget(server: string): void;
  /** Changes whenever another process has written: what was read before may be out of date. */
  generation(): number;
  /** Changes with every write, whoever wrote; what others wrote is noticed within a millisecond. */
  version(): number;
  close(): void;
}
