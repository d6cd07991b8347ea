import { describe, expect, it } from 'vitest';
import { createRemoteRuntime } from '../../../src/runtimes/remote/remote-runtime.ts';

describe('a remote server', () => {
  const url = new URL('https://mcp.example/mcp');
  const headers = { Authorization: 'Bearer x' };

  it('is an address that the bridge gets as it was configured', async () => {
    const runtime = createRemoteRuntime({ name: 'far', url, headers, transport: 'sse' });
    await runtime.prepare();
    expect(await runtime.launch()).toEqual({ kind: 'remote', url, headers, transport: 'sse' });
  });

  it('is not given to a caller that already left', async () => {
    const runtime = createRemoteRuntime({ name: 'far', url, headers, transport: 'auto' });
    await expect(runtime.launch(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});
