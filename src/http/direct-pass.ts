/** What `/mcp/<server>` passes as bytes: plain calls of the tools that may be called there. */
import type { KnownServer } from '../catalog/server-directory.ts';
import type { MetaToolParts } from '../meta-tools/parts.ts';
import { unknownTool } from '../meta-tools/tool-offer.ts';
import { passUpstream } from '../meta-tools/upstream-pass.ts';
import type { Principal } from '../policy/principal.ts';
import type { DirectPass } from './byte-lane.ts';
import { usableTools } from './usable-tools.ts';

export function createDirectPass(parts: MetaToolParts, known: KnownServer, principal: Principal): DirectPass {
  const isUsable = usableTools(parts.catalog, known);
  return (call) => {
    const { tool, params, requestId, session, listener } = call;
    if (isUsable(tool))
      return passUpstream(parts, { server: known, principal, tool, params, requestId, session, listener });
    listener.failed(unknownTool(tool, parts.catalog.toolNames(known.name).filter(isUsable)));
    return () => {};
  };
}
