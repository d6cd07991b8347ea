/** Servers that run somewhere else: there is nothing to install or to start, only an address for the bridge. */
import type { RemoteServerConfig } from '../../config/config.ts';
import type { Runtime } from '../runtime.ts';

export type RemoteServer = Pick<RemoteServerConfig, 'name' | 'url' | 'transport' | 'headers'>;

export function createRemoteRuntime({ url, transport, headers }: RemoteServer): Runtime {
  return {
    prepare: () => Promise.resolve(),
    async launch(signal) {
      signal?.throwIfAborted();
      return { kind: 'remote', url, transport, headers };
    },
  };
}
