/** Answers by `fetch` whose failures may be quoted: some servers and proxies show in them what they were sent, credentials too. */

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** What is no success is read whole, and comes without secrets; everything else as it is. */
export function maskedFailures(fetch: Fetch, redact: ((text: string) => string) | undefined): Fetch {
  if (!redact) return fetch;
  return async (url, init) => {
    const response = await fetch(url, init);
    const { ok, status, statusText, headers, body } = response;
    return ok || !body ? response : new Response(redact(await response.text()), { status, statusText, headers });
  };
}
