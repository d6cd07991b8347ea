/** The port to servers that callers bring: added at once, or kept until an admin decides. */
import type { PendingServer } from '../catalog/pending-servers.ts';
import type { CatalogOrigin } from '../config/read-catalog-server.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { Asked } from './pending-additions.ts';
import type { Principal } from './principal.ts';

export interface Brought {
  readonly server: string;
  /** As under `servers:` in a file, or as MCP clients write it. */
  readonly config: unknown;
  /** Of one from the catalog, whose `config` is its server.json; nobody who brings one can say this. */
  readonly origin?: CatalogOrigin | undefined;
}

/** A request that waits, as an admin sees it: nothing left out but secrets. */
export interface WaitingAddition {
  readonly server: string;
  /** Changes with the request. */
  readonly id: string;
  readonly askedBy: readonly string[];
  /** Milliseconds since 1970. */
  readonly askedAt: number;
  /** Whether the caller asked for something else under this name before. */
  readonly replaced: boolean;
  readonly entry: unknown;
}

export interface Suggestion {
  readonly name: string;
  /** As its author put it; may be empty. */
  readonly description: string;
}

/** A server of the catalog, as an admin sees it. */
export interface CataloguedServer {
  /** As `io.github.acme/tracker`. */
  readonly name: string;
  readonly version: string;
  /** As its author put it; may be empty. */
  readonly description: string;
  /** The file, folder or URL that it is from. */
  readonly source: string;
  /** What it is called here since it was added; undefined before that. */
  readonly addedAs: string | undefined;
}

export interface Additions {
  /** Throws NOT_ALLOWED for a name of the configuration file, CONFIG_INVALID for a config that describes no server. */
  add(principal: Principal, brought: Brought): Promise<void>;
  /** What the catalog has of that name, as `add` takes it, under the name that it has or would get here; undefined where it has none. Throws ARGUMENTS_INVALID when it has several. */
  inCatalog(name: string): Promise<Brought | undefined>;
  /** All of the catalog that the configuration lets be; waits for sources that were never read. */
  catalogued(): Promise<readonly CataloguedServer[]>;
  /** The server of the catalog that a task may be about, under the name that it would get here. Waits for nothing that takes long. */
  suggest(task: string, mayHave: (server: string) => boolean): Promise<Suggestion | undefined>;
  /** Starts nothing. `added`: an admin has let just this in. Throws as `add` does, and NOT_ALLOWED for what cannot wait. */
  ask(principal: Principal, brought: Brought): Promise<Asked | 'added'>;
  /** How a request of this principal's stands; undefined where there is none. */
  standing(principal: Principal, server: string): PendingServer | undefined;
  waiting(): WaitingAddition[];
  /** Whether an approved server is in use is for `follow` to see to. Throws SERVER_UNKNOWN, USAGE, CONFIG_INVALID. */
  approve(admin: Principal, asked: { readonly server: string; readonly id?: string | undefined }): Promise<void>;
  /** What waits is turned down, what was added is taken out again. Throws SERVER_UNKNOWN. */
  reject(
    admin: Principal,
    asked: { readonly server: string; readonly reason?: string | undefined },
  ): 'rejected' | 'removed';
  /** Puts into use what this process or another one has decided. */
  follow(): Promise<void>;
}

export type AdditionOutcome = 'added' | Asked | 'approved' | 'rejected' | 'removed';

/** For audit and metrics. */
export interface AdditionRecord {
  readonly principal: Principal;
  readonly server: string;
  readonly outcome: AdditionOutcome;
  /** Secrets masked. */
  readonly entry?: JsonObject;
  /** How many wait now. */
  readonly waiting: number;
}
