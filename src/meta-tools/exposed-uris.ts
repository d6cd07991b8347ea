/** Addresses of resources of several servers in one list: as their servers have them, or with the server in front. */
import type { OwnedItem } from './exposed-lists.ts';

/** Whatever comes after the server's name is its own address, so that expanded templates lead back as well. */
const PREFIX = 'tooldex://';

/** Its own where no other server has the same, else `tooldex://<server>/<own>`. */
export function shownUris(owned: readonly OwnedItem[], key: 'uri' | 'uriTemplate'): ReadonlyMap<OwnedItem, string> {
  const servers = new Map<string, Set<string>>();
  const uriOf = ({ item }: OwnedItem) => String(item[key]);
  for (const one of owned) {
    const known = servers.get(uriOf(one)) ?? new Set();
    servers.set(uriOf(one), known.add(one.server.name));
  }
  return new Map(
    owned.map((one) => {
      const own = uriOf(one);
      const isOnlyOne = servers.get(own)?.size === 1 && !own.startsWith(PREFIX);
      return [one, isOnlyOne ? own : `${PREFIX}${one.server.name}/${own}`];
    }),
  );
}

/** Undefined for an address that names no server. */
export function splitUri(shown: string): { readonly server: string; readonly own: string } | undefined {
  const slash = shown.indexOf('/', PREFIX.length);
  if (!shown.startsWith(PREFIX) || slash < 0) return undefined;
  return { server: shown.slice(PREFIX.length, slash), own: shown.slice(slash + 1) };
}

/** Whether an address may have come out of the template (RFC 6570), whatever its variables were. */
export function isExpansion(uri: string, template: string): boolean {
  let from = 0;
  const literals = template.split(/\{[^{}]*\}/);
  for (const [at, literal] of literals.entries()) {
    if (at === 0 && !uri.startsWith(literal)) return false;
    const found = at === literals.length - 1 && at > 0 ? lastIndexOf(uri, literal, from) : uri.indexOf(literal, from);
    if (found < 0) return false;
    from = found + literal.length;
  }
  return from === uri.length;
}

/** Where the text ends with the literal, if it does so behind `from`. */
function lastIndexOf(text: string, literal: string, from: number): number {
  const at = text.length - literal.length;
  return at >= from && text.endsWith(literal) ? at : -1;
}
