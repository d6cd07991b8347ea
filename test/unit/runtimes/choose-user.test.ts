import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { chooseUser } from '../../../src/runtimes/container/choose-user.ts';
import type { ContainerServer } from '../../../src/runtimes/container/container-options.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

interface Facts {
  readonly security?: string[];
  readonly podmanRootless?: boolean;
  /** Of the image. */
  readonly user?: string;
}

const engine = ({ security = ['name=seccomp'], podmanRootless = false, user = '' }: Facts = {}) => ({
  docker: { getImage: () => ({ inspect: async () => ({ Config: { User: user } }) }) } as unknown as Docker,
  facts: { SecurityOptions: security, Rootless: podmanRootless },
});
const me = { uid: 1000, gid: 1001 };
const root = { uid: 0, gid: 0 };

function server(keys: Partial<ContainerServer> = {}): ContainerServer {
  const limits = { network: 'none', memoryBytes: 1, cpus: 1, pidsMax: 1 };
  return {
    name: 's',
    image: 'i',
    args: [],
    env: {},
    ...limits,
    user: undefined,
    mounts: [],
    workspaceDir: undefined,
    ...keys,
  };
}

const writing = (source = '/not/there/yet') => server({ mounts: [{ source, target: '/w', readOnly: false }] });
const reading = (source: string) => server({ mounts: [{ source, target: '/w', readOnly: true }] });

describe('the user in a container', () => {
  it.each([
    { what: 'that is asked for', config: server({ user: 'node' }), user: 'node' },
    { what: 'that is asked for, root too', config: server({ user: 'root' }), gateway: root, user: 'root' },
    { what: 'of the gateway, where it shares something for writing', config: writing(), user: '1000:1001' },
    { what: 'nobody, where the image has none', config: server(), user: '65534:65534' },
    {
      what: 'nobody, where the image has root by name',
      config: server(),
      facts: { user: 'root:root' },
      user: '65534:65534',
    },
    { what: 'nobody, where the image has root by number', config: server(), facts: { user: '0' }, user: '65534:65534' },
    { what: 'of the image, by number', config: server(), facts: { user: '1234:5' }, user: '1234:5' },
    { what: 'of the image, by name', config: server(), facts: { user: 'node' }, user: undefined },
    {
      what: 'of the image, in a rootless engine',
      config: writing(),
      facts: { security: ['name=rootless'] },
      user: undefined,
    },
    { what: 'of the image, in a rootless Podman', config: writing(), facts: { podmanRootless: true }, user: undefined },
    { what: 'of the image, where it is privileged', config: server({ isPrivileged: true }), user: undefined },
  ])('is the one $what', async ({ facts, config, gateway = me, user }) => {
    expect((await chooseUser(engine(facts), config, gateway)).user).toBe(user);
  });

  it('is the one of the image, where users have no numbers and something is shared for writing', async () => {
    expect((await chooseUser(engine(), writing(), undefined)).user).toBeUndefined();
  });

  it('has the workspace that root makes for it', async () => {
    const nobody = { uid: 65534, gid: 65534 };
    expect(await chooseUser(engine(), writing(), root)).toEqual({ user: '65534:65534', owner: nobody });
    expect(await chooseUser(engine({ user: '7' }), writing(), root)).toEqual({
      user: '7:7',
      owner: { uid: 7, gid: 7 },
    });
    const asked = { ...writing(), user: '8:9' };
    expect(await chooseUser(engine(), asked, root)).toEqual({ user: '8:9', owner: { uid: 8, gid: 9 } });
  });
});

describe.runIf(process.getuid?.() === 0)('the user in a container of root', () => {
  function owned(uid: number, mode: number): string {
    const folder = join(tempDir('shares'), 'share');
    mkdirSync(folder);
    chownSync(folder, uid, uid);
    chmodSync(folder, mode);
    return folder;
  }

  it.each([
    { what: 'the owner of what is shared for writing', config: () => writing(owned(1234, 0o700)), user: '1234:1234' },
    { what: 'root, where only root may write', config: () => writing(owned(0, 0o755)), user: undefined },
    { what: 'root, where only root may read', config: () => reading(owned(0, 0o700)), user: undefined },
    { what: 'nobody, where everybody may read', config: () => reading(owned(0, 0o755)), user: '65534:65534' },
  ])('is $what', async ({ config, user }) => {
    expect((await chooseUser(engine(), config(), root)).user).toBe(user);
  });
});
