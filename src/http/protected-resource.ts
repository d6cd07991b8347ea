/** What an OAuth client must know before it can ask for a token (RFC 9728); says nothing of what is behind. */

/** Where the metadata is; the path of the resource is appended. */
export const METADATA_PATH = '/.well-known/oauth-protected-resource';

export interface ProtectedResource {
  readonly resource: string;
  readonly resource_name: string;
  readonly bearer_methods_supported: readonly string[];
  /** Missing where only keys are accepted, which no authorization server gives out. */
  readonly authorization_servers?: readonly string[];
}

/** The metadata of what was asked for, such as `/mcp/github?x=1`. */
export function metadataUrl(baseUrl: string, requestUrl: string): string {
  return `${baseUrl}${METADATA_PATH}${resourcePath(requestUrl)}`;
}

/** The same for every path under `/mcp`, whether or not there is anything at it. */
export function protectedResource(
  baseUrl: string,
  metadataRequestUrl: string,
  issuers: readonly string[],
): ProtectedResource {
  return {
    resource: `${baseUrl}${resourcePath(metadataRequestUrl.slice(METADATA_PATH.length))}`,
    resource_name: 'Tooldex',
    bearer_methods_supported: ['header'],
    ...(issuers.length > 0 ? { authorization_servers: issuers } : {}),
  };
}

/** Anything else than a plain path below `/mcp` stands for all of it, so that nothing of a request is echoed into a header. */
function resourcePath(url: string): string {
  const [path = ''] = url.split('?');
  return /^\/mcp(\/[\w.~-]+)*$/.test(path) ? path : '/mcp';
}
