/** What one upstream server is to one principal at `/mcp/<server>`; each way in is made when a request takes it. */
import type { KnownServer } from '../catalog/server-directory.ts';
import type { Identity } from '../meta-tools/identity.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import type { ToolOffer } from '../meta-tools/tool-offer.ts';
import type { Principal } from '../policy/principal.ts';
import { createDirectOffer } from './direct-offer.ts';
import { DirectBytes } from './direct-pass.ts';
import type { DirectDoor } from './mcp-routes.ts';
import { createRelayTarget, type RelayTarget } from './relay-target.ts';

export interface DirectDoorOptions {
  readonly principal: Principal;
  /** Said of a server that was never listed. */
  readonly identity: Identity;
}

export function createDirectDoor(parts: MetaToolParts, known: KnownServer, options: DirectDoorOptions): DirectDoor {
  return new Door(parts, known, options);
}

/** A class, because each object literal with a getter costs a hidden class, which lives until the next full collection. */
class Door implements DirectDoor {
  readonly #parts: MetaToolParts;
  readonly #known: KnownServer;
  readonly #options: DirectDoorOptions;

  constructor(parts: MetaToolParts, known: KnownServer, options: DirectDoorOptions) {
    this.#parts = parts;
    this.#known = known;
    this.#options = options;
  }

  offer(session?: string): ToolOffer {
    return createDirectOffer(this.#parts, this.#known, { identity: this.#options.identity, session });
  }

  get bytes(): DirectBytes {
    return new DirectBytes(this.#parts, this.#known, this.#options.principal);
  }

  get target(): RelayTarget {
    return createRelayTarget(this.#parts, this.#known, this.#options.identity);
  }
}
