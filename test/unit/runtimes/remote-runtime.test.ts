import { describe, expect, it } from 'vitest';
import type { RemoteServer } from '../../../src/runtimes/remote/remote-access.ts';
import { createRemoteRuntime } from '../../../src/runtimes/remote/remote-runtime.ts';

describe('a remote server', () => {
  const url = new URL('https://mcp.example/mcp');
  const headers = { Authorization: 'Bearer x' };
  const server: RemoteServer = {
    name: 'far',
    url,
    headers,
    transport: 'sse',
    oauth: undefined,
    privateHosts: 'own',
    proxy: undefined,
    caFile: undefined,
    connectTimeoutMs: 1_000,
  };
  const way = { fetch: async () => new Response(), post: () => undefined };
  const access = { wayTo: async () => way };

  it('is an address that the bridge gets as it was configured, with the way to it', async () => {
    const runtime = createRemoteRuntime(server, access);
    await runtime.prepare();
    expect(await runtime.launch()).toEqual({ kind: 'remote', url, headers, transport: 'sse', ...way });
  });

  it('is not given to a caller that already left', async () => {
    const runtime = createRemoteRuntime(server, access);
    await expect(runtime.launch(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});
