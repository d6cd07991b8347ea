/** Fetches a catalog from a registry, page by page. */
import type { CatalogSource } from '../config/catalog-config.ts';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { textWithin } from '../stdx/text-within.ts';

type UrlSource = Extract<CatalogSource, { kind: 'url' }>;

const PAGE_TIMEOUT_MS = 15_000;
const PAGES_MAX = 1_000;
/** Of one page, and of all together: several times what the public registry holds. */
const BYTES_MAX = 100_000_000;

/** The servers of all pages, as the registry wraps them. Throws UPSTREAM_ERROR. */
export async function fetchCatalog(source: UrlSource): Promise<unknown[]> {
  const servers: unknown[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  let bytes = 0;
  for (let page = 0; page < PAGES_MAX; page++) {
    const text = await fetchPage(source, cursor);
    bytes += Buffer.byteLength(text);
    if (bytes > BYTES_MAX) throw failed(source.at, 'it answers without an end');
    const value = parse(text, source.at);
    servers.push(...listOf(value));
    cursor = nextCursor(value);
    if (cursor === undefined || seen.has(cursor)) return servers;
    seen.add(cursor);
  }
  return servers;
}

/** A list as the registry's API or a file has it, or the one server that it is. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (isObject(value) && Array.isArray(value.servers)) return value.servers;
  return [value];
}

async function fetchPage({ at, headers }: UrlSource, cursor: string | undefined): Promise<string> {
  const url = new URL(at);
  const isList = /\/servers\/?$/.test(url.pathname);
  const query: [string, string | undefined][] = [
    ['cursor', cursor],
    ...(isList
      ? ([
          ['limit', '100'],
          ['version', 'latest'],
        ] as [string, string][])
      : []),
  ];
  for (const [name, value] of query)
    if (value !== undefined && !url.searchParams.has(name)) url.searchParams.set(name, value);
  const signal = AbortSignal.timeout(PAGE_TIMEOUT_MS);
  const init: RequestInit = { headers: { accept: 'application/json', ...headers }, redirect: 'error', signal };
  const read = async () => {
    const response = await fetch(url, init);
    if (response.ok) return textWithin(response, BYTES_MAX);
    await response.body?.cancel();
    throw new Error(`it answers ${response.status}`);
  };
  return read().catch((error: Error) => {
    throw failed(at, error.cause instanceof Error ? error.cause.message : error.message);
  });
}

function parse(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failed(at, 'it answers no JSON');
  }
}

function nextCursor(value: unknown): string | undefined {
  const metadata = isObject(value) && isObject(value.metadata) ? value.metadata : {};
  const next = metadata.nextCursor ?? metadata.next_cursor;
  return typeof next === 'string' && next !== '' ? next : undefined;
}

const failed = (at: string, why: string) =>
  new GatewayError('UPSTREAM_ERROR', `${new URL(at).host} does not answer as a registry: ${why}`, {
    hint: 'what it answered last is used meanwhile; it is asked again in a minute',
  });
