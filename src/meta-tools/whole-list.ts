/** How long the list of tools would be that a client reads when there is no search: what is saved is reckoned against it. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ServerDirectory } from '../catalog/server-directory.ts';
import { estimateTokens } from './tokens.ts';

interface Measured {
  readonly fingerprint: string;
  readonly tools: readonly (readonly [name: string, tokens: number])[];
}

/** Estimated tokens of the definitions of all listed tools that a directory has. Each listing is measured once. */
export function wholeListMeter(catalog: Pick<Catalog, 'listing' | 'tools'>): (seen: ServerDirectory) => number {
  const measured = new Map<string, Measured>();
  const measure = (server: string): Measured['tools'] => {
    const { fingerprint } = catalog.listing(server) ?? {};
    if (fingerprint === undefined) return [];
    const known = measured.get(server);
    if (known?.fingerprint === fingerprint) return known.tools;
    const tools = catalog
      .tools(server)
      .map(({ name, definition }) => [name, estimateTokens(JSON.stringify(definition))] as const);
    measured.set(server, { fingerprint, tools });
    return tools;
  };
  return (seen) => {
    let tokens = 0;
    for (const server of seen.names()) {
      const known = seen.get(server);
      for (const [name, length] of measure(server)) if (known?.allows(name)) tokens += length;
    }
    return tokens;
  };
}
