/** What one upstream server is to one principal at `/mcp/<server>`; each way in is made when a request takes it. */
import type { KnownServer } from '../catalog/server-directory.ts';
import type { Identity } from '../meta-tools/identity.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import type { Principal } from '../policy/principal.ts';
import { createDirectOffer } from './direct-offer.ts';
import { createDirectPass } from './direct-pass.ts';
import type { DirectDoor } from './mcp-routes.ts';
import { createRelayTarget } from './relay-target.ts';

export interface DirectDoorOptions {
  readonly principal: Principal;
  /** Said of a server that was never listed. */
  readonly identity: Identity;
}

export function createDirectDoor(
  parts: MetaToolParts,
  known: KnownServer,
  { principal, identity }: DirectDoorOptions,
): DirectDoor {
  return {
    offer: (session) => createDirectOffer(parts, known, { identity, session }),
    get pass() {
      return createDirectPass(parts, known, principal);
    },
    get target() {
      return createRelayTarget(parts, known, identity);
    },
  };
}
