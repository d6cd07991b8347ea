/** References within one JSON document. */

/** What `#/a/b` stands for (RFC 6901 in a fragment), and `#` for the whole; undefined for nothing, and for other references. */
export function pointedAt(root: unknown, reference: string): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let found = root;
  for (const part of reference.slice(2).split('/')) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    const hasIt = typeof found === 'object' && found !== null && Object.hasOwn(found, key);
    found = hasIt ? (found as Record<string, unknown>)[key] : undefined;
  }
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
