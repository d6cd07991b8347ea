/** What `/mcp/<server>` passes as bytes: plain calls of the tools that may be called there. */
import { MODERN_VERSION } from '../bridge/protocol-versions.ts';
import type { KnownServer } from '../catalog/server-directory.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { unknownTool } from '../meta-tools/tool-offer.ts';
import { passUpstream } from '../meta-tools/upstream-pass.ts';
import type { Principal } from '../policy/principal.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { DirectPass } from './byte-lane.ts';
import { listedFacts, type RelayFacts } from './relay-target.ts';
import { usableTools } from './usable-tools.ts';

/** What there is to know of a server without waiting for it, and the way of bytes to it. */
export class DirectBytes {
  readonly #parts: MetaToolParts;
  readonly #known: KnownServer;
  readonly #principal: Principal;
  readonly #isUsable: (tool: string) => boolean;

  constructor(parts: MetaToolParts, known: KnownServer, principal: Principal) {
    this.#parts = parts;
    this.#known = known;
    this.#principal = principal;
    this.#isUsable = usableTools(parts.catalog, known);
  }

  /** Undefined for a server that was never listed. */
  get facts(): RelayFacts | undefined {
    return listedFacts(this.#parts.catalog, this.#known.name);
  }

  /** Of an older version, it sends log messages unasked. False for a server that was never listed. */
  get isTalkative(): boolean {
    const listing = this.#parts.catalog.listing(this.#known.name);
    return (
      listing !== undefined && listing.protocolVersion !== MODERN_VERSION && isObject(listing.capabilities.logging)
    );
  }

  isVisible(tool: string): boolean {
    return this.#isUsable(tool) && this.#parts.policy.seesTool(this.#principal, this.#known.name, tool);
  }

  /** As it was last listed; undefined for a tool that is not known. */
  inputSchema(tool: string): JsonObject | undefined {
    return this.#parts.catalog.tool(this.#known.name, tool)?.definition.inputSchema as JsonObject | undefined;
  }

  readonly pass: DirectPass = (call) => {
    const { tool, params, requestId, behalf, envelope, onProgress, listener } = call;
    if (this.#isUsable(tool)) {
      // biome-ignore format: without a spread, which costs an object that lives until the next full collection
      return passUpstream(this.#parts, { door: 'direct', server: this.#known, principal: this.#principal, tool, params, requestId, behalf, envelope, onProgress, listener });
    }
    const { catalog } = this.#parts;
    listener.failed(unknownTool(tool, catalog.toolNames(this.#known.name).filter(this.#isUsable)));
    return () => {};
  };
}
