import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { chooseUser } from '../../../src/runtimes/container/choose-user.ts';
import type { ContainerServer } from '../../../src/runtimes/container/container-options.ts';

const engine = (...SecurityOptions: string[]) => ({ info: async () => ({ SecurityOptions }) }) as unknown as Docker;
const me = { uid: 1000, gid: 1001 };

function server(readOnly: boolean, user?: string): ContainerServer {
  const mounts = [{ source: '/w', target: '/w', readOnly }];
  const limits = { network: 'none', memoryBytes: 1, cpus: 1, pidsMax: 1 };
  return { name: 's', image: 'i', args: [], env: {}, ...limits, user, mounts, workspaceDir: undefined };
}

describe('the user in a container', () => {
  it.each([
    { what: 'of the gateway, where it shares something for writing', config: server(false), user: '1000:1001' },
    { what: 'that is asked for', config: server(false, 'node'), user: 'node' },
    { what: 'of the image, where nothing is shared for writing', config: server(true), user: undefined },
    {
      what: 'of the image, in a rootless engine',
      docker: engine('name=seccomp', 'name=rootless'),
      config: server(false),
    },
    {
      what: 'of the image, in a rootless engine of Podman',
      docker: { info: async () => ({ SecurityOptions: ['name=seccomp'], Rootless: true }) } as unknown as Docker,
      config: server(false),
    },
    { what: 'of the image, where the gateway is root', config: server(false), owner: { uid: 0, gid: 0 } },
  ])('is the one $what', async ({ docker = engine('name=seccomp'), config, owner = me, user }) => {
    expect(await chooseUser(docker, config, owner)).toBe(user);
  });

  it('is the one of the image, where users have no numbers', async () => {
    expect(await chooseUser(engine(), server(false), undefined)).toBeUndefined();
  });
});
