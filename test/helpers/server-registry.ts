/** A registry of MCP servers on this machine, that answers page by page as the public one does. */
import { listen } from './listen.ts';

export interface ServerRegistry {
  /** Of its list of servers. */
  readonly url: string;
  /** What was asked, with the query. */
  readonly requests: readonly string[];
  /** Answers 503 from now on, or no longer. */
  setDown(isDown: boolean): void;
}

/** `items` are wrapped as the registry wraps them, unless they are so already; two stand on a page. Closed when the test ends. */
export async function serverRegistry(items: readonly object[]): Promise<ServerRegistry> {
  const requests: string[] = [];
  let isDown = false;
  const { origin } = await listen((request, response) => {
    requests.push(request.url ?? '');
    response.statusCode = isDown ? 503 : 200;
    response.setHeader('content-type', 'application/json');
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const from = Number(searchParams.get('cursor') ?? 0);
    const servers = items.slice(from, from + 2).map((item) => ('server' in item ? item : { server: item, _meta: {} }));
    const more = from + 2 < items.length ? { nextCursor: String(from + 2) } : {};
    response.end(JSON.stringify({ servers, metadata: { count: servers.length, ...more } }));
  });
  return {
    url: `${origin}/v0.1/servers`,
    requests,
    setDown: (given) => {
      isDown = given;
    },
  };
}
