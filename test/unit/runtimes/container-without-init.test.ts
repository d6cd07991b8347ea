/** Engines that lack the small program which would be process 1 of a container: a server starts without it. */
import type Docker from 'dockerode';
import { expect, it } from 'vitest';
import { createContainerRuntime } from '../../../src/runtimes/container/container-runtime.ts';

/** Refuses each creation with the next of these; tells with which init each was asked for. */
function engineThatSays(...refusals: string[]) {
  const inits: (boolean | undefined)[] = [];
  const docker = {
    getImage: () => ({ inspect: async () => ({ Config: { User: 'node' } }) }),
    createContainer: async ({ HostConfig }: Docker.ContainerCreateOptions) => {
      inits.push(HostConfig?.Init);
      throw new Error(refusals.shift() ?? 'asked too often');
    },
  } as unknown as Docker;
  const connect = async () => ({ docker, facts: {}, address: { kind: 'socket' as const, path: '/engine.sock' } });
  return { inits, engine: { labels: {}, connect, ensureImage: async () => undefined, close: async () => undefined } };
}

const limits = { network: 'none', memoryBytes: 1, cpus: 1, pidsMax: 1, user: undefined, mounts: [] };
const server = { name: 's', image: 'i', args: [], env: {}, workspaceDir: undefined, ...limits };

it.each([
  ['Podman', 'container create: container-init binary not found on the host: stat /usr/libexec/podman/catatonit'],
  ['Docker', 'exec: "docker-init": executable file not found in $PATH'],
])('%s: it is tried once without, and what goes wrong then is told', async (_, said) => {
  const { inits, engine } = engineThatSays(said, 'something else');
  await expect(createContainerRuntime(server, { engine }).launch()).rejects.toMatchObject({
    code: 'START_FAILED',
    message: 's: the container cannot be started: something else',
  });
  expect(inits).toEqual([true, false]);
});

it('anything else is told at once', async () => {
  const { inits, engine } = engineThatSays('no such image');
  await expect(createContainerRuntime(server, { engine }).launch()).rejects.toThrow('no such image');
  expect(inits).toEqual([true]);
});
