/** Fetches a catalog from a registry, page by page. */
import type { CatalogSource } from '../config/catalog-config.ts';
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';

const PAGE_TIMEOUT_MS = 15_000;
const PAGES_MAX = 1_000;
/** Several times what the public registry holds. */
const CHARACTERS_MAX = 100_000_000;

/** The servers of all pages, as the registry wraps them. Throws UPSTREAM_ERROR. */
export async function fetchCatalog(source: Extract<CatalogSource, { kind: 'url' }>): Promise<unknown[]> {
  const servers: unknown[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  let characters = 0;
  for (let page = 0; page < PAGES_MAX; page++) {
    const text = await fetchPage(source, cursor);
    characters += text.length;
    if (characters > CHARACTERS_MAX) throw failed(source.at, 'it answers without an end');
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

async function fetchPage({ at, headers }: Extract<CatalogSource, { kind: 'url' }>, cursor: string | undefined) {
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
  const response = await fetch(url, {
    headers: { accept: 'application/json', ...headers },
    redirect: 'error',
    signal,
  }).catch((error: Error) => {
    throw failed(at, error.cause instanceof Error ? error.cause.message : error.message);
  });
  if (!response.ok) throw failed(at, `it answers ${response.status}`);
  return response.text();
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
