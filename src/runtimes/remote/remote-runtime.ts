/** Servers that run somewhere else: there is nothing to install or to start, only an address and a way to it for the bridge. */
import type { Runtime } from '../runtime.ts';
import type { RemoteAccess, RemoteServer } from './remote-access.ts';

export function createRemoteRuntime(server: RemoteServer, access: Pick<RemoteAccess, 'wayTo'>): Runtime {
  const { url, transport, headers } = server;
  return {
    prepare: () => Promise.resolve(),
    async launch(signal) {
      signal?.throwIfAborted();
      return { kind: 'remote', url, transport, headers, ...(await access.wayTo(server)) };
    },
  };
}
