import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ContainerServer,
  containerOptions,
  imageWithTag,
} from '../../../src/runtimes/container/container-options.ts';
import { engineCandidates, parseDockerHost } from '../../../src/runtimes/container/engine-candidates.ts';
import { explainMisses } from '../../../src/runtimes/container/find-engine.ts';
import { pullFailure } from '../../../src/runtimes/container/pull-image.ts';
import { refuseDangerousMounts } from '../../../src/runtimes/container/refuse-mounts.ts';
import { anyText } from '../../helpers/any-text.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const server: ContainerServer = {
  name: 'fs',
  image: 'mcp/filesystem',
  args: ['/workspaces'],
  env: {},
  network: 'none',
  memoryBytes: 512 << 20,
  cpus: 0.5,
  pidsMax: 128,
  user: undefined,
  mounts: [],
  workspaceDir: undefined,
};

/** What turns meaning where values are put on a command line or into a list with separators. */
const nasty = fc.oneof(
  anyText(),
  fc
    .array(fc.constantFrom('--privileged', '-v', '/:/host', ',', ':', '=', '\n', ' ', '"', "'", '$(id)', 'host', 'a'))
    .map((parts) => parts.join('')),
);

describe('#53 for any values, a container', () => {
  it('is confined as ever: they change nothing but the fields that they are for', () => {
    const { Cmd: _, Env: __, Labels: ___, ...expected } = containerOptions(server, {});
    const variables = fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]*$/), nasty);
    fc.assert(
      fc.property(fc.record({ args: fc.array(nasty), env: variables, source: nasty, target: nasty }), (values) => {
        const { args, env, source, target } = values;
        const mounts = [{ source, target, readOnly: true }];
        const { Cmd, Env, Labels, HostConfig, ...rest } = containerOptions({ ...server, args, env, mounts }, {});
        const { Mounts, ...confinement } = HostConfig ?? {};
        expect({ ...rest, HostConfig: { ...confinement, Mounts: [] } }).toEqual(expected);
        expect(Cmd).toEqual(args);
        expect(Env).toEqual(Object.entries(env).map(([name, value]) => `${name}=${value}`));
        expect(Mounts).toEqual([{ Type: 'bind', Source: source, Target: target, ReadOnly: true }]);
        expect(Labels).toEqual({ 'io.tooldex.server': 'fs' });
      }),
    );
  });

  it('takes as image, network, OCI runtime and variable only what can be nothing else', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const attempts = [{ image: text }, { network: text }, { runtimeClass: text }, { env: { [text]: 'x' } }];
        for (const attempt of attempts) {
          try {
            containerOptions({ ...server, ...attempt }, {});
          } catch (error) {
            expect(error).toMatchObject({ code: 'NOT_ALLOWED' });
            continue;
          }
          expect(text).toMatch(/^[A-Za-z0-9_][\w./:@-]*$/);
          expect('network' in attempt && text === 'host').toBe(false);
        }
      }),
    );
  });
});

describe('#53 what endangers the machine', () => {
  it('is refused unless the entry names it, each by itself', () => {
    expect(() => containerOptions({ ...server, isPrivileged: true }, {})).toThrow(/all rights/);
    expect(() => containerOptions({ ...server, isPrivileged: true, allowDangerous: ['host_network'] }, {})).toThrow(
      /all rights/,
    );
    expect(() => containerOptions({ ...server, network: 'host', allowDangerous: ['privileged'] }, {})).toThrow(
      /network/,
    );
    const privileged = containerOptions({ ...server, isPrivileged: true, allowDangerous: ['privileged'] }, {});
    expect(privileged.HostConfig).toMatchObject({ Privileged: true, NetworkMode: 'none' });
    const onHost = containerOptions({ ...server, network: 'host', allowDangerous: ['host_network'] }, {});
    expect(onHost.HostConfig).toMatchObject({ NetworkMode: 'host', CapDrop: ['ALL'] });
    expect(onHost.HostConfig?.Privileged).toBeUndefined();
  });

  it('has the OCI runtime of its entry', () => {
    expect(containerOptions({ ...server, runtimeClass: 'runsc' }, {}).HostConfig).toMatchObject({ Runtime: 'runsc' });
  });

  it('is mounted where it is named: folders of the system, and sockets by a name of their own', async () => {
    const folder = [{ source: '/etc', target: '/e', readOnly: true }];
    await refuseDangerousMounts({ name: 's', mounts: folder, allowDangerous: ['host_paths'] });
    const other = refuseDangerousMounts({ name: 's', mounts: folder, allowDangerous: ['engine_socket'] });
    await expect(other).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const path = join(tempDir('socket'), 'docker.sock');
    const listener = createServer().listen(path);
    onTestFinished(() => void listener.close());
    await once(listener, 'listening');
    const socket = [{ source: path, target: '/s', readOnly: true }];
    const refused = refuseDangerousMounts({ name: 's', mounts: socket, allowDangerous: ['host_paths'] });
    await expect(refused).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await refuseDangerousMounts({ name: 's', mounts: socket, allowDangerous: ['engine_socket'] });
  });
});

describe('#53 a container', () => {
  it('gets values as they are, whatever is in them', () => {
    const env = { A: 'x\ny', B: '--privileged', C: 'a=b,c:d' };
    const args = ['-v', '/:/host', '--privileged', '', '$(id)'];
    const mounts = [{ source: '/a,b:c', target: '/t:ro,x', readOnly: true }];
    const options = containerOptions({ ...server, env, args, mounts }, {});
    expect(options.Env).toEqual(['A=x\ny', 'B=--privileged', 'C=a=b,c:d']);
    expect(options.Cmd).toEqual(args);
    expect(options.HostConfig?.Mounts).toEqual([{ Type: 'bind', Source: '/a,b:c', Target: '/t:ro,x', ReadOnly: true }]);
    expect(options.HostConfig?.Privileged).toBeUndefined();
  });

  it.each(['--privileged', '-v', 'a b', 'UPPER//x', 'x\n', '', 'name@sha256:12', '../x'])(
    'is no image: %j',
    (image) => {
      expect(() => containerOptions({ ...server, image }, {})).toThrow(/is no name of an image/);
    },
  );

  it.each(['host', 'container:abc', '--net', 'ns:/proc/1/ns/net', ''])('is no network: %j', (network) => {
    expect(() => containerOptions({ ...server, network }, {})).toThrow(/network/);
  });

  it.each(['A=B', '', 'A\nB', '-e'])('is no variable: %j', (name) => {
    expect(() => containerOptions({ ...server, env: { [name]: 'x' } }, {})).toThrow(/no name of a variable/);
  });

  it.each([
    ['alpine', 'alpine:latest'],
    ['alpine:3', 'alpine:3'],
    ['host:5000/a/b', 'host:5000/a/b:latest'],
    ['host:5000/a/b:1', 'host:5000/a/b:1'],
    [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`],
  ])('pulls %s as %s', (image, full) => {
    expect(imageWithTag(image)).toBe(full);
    expect(containerOptions({ ...server, image }, {}).Image).toBe(full);
  });
});

describe('#53 a mount', () => {
  const refuse = (source: string, keys: Partial<Parameters<typeof refuseDangerousMounts>[0]> = {}) =>
    refuseDangerousMounts({ name: 'fs', mounts: [{ source, target: '/x', readOnly: true }], ...keys });

  it.each(['/', '/proc', '/proc/1', '/sys', '/dev', '/run', '/var/run', '/var', '/etc', '/etc/../etc/ssl'])(
    'of %s is refused',
    async (source) => {
      await expect(refuse(source)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    },
  );

  it('is judged by where it leads', async () => {
    const folder = tempDir('mounts');
    symlinkSync('/', join(folder, 'innocent'));
    await expect(refuse(join(folder, 'innocent'))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(refuse(join(folder, 'innocent', 'proc'))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });

  it('is refused where a link that a server made leads out of workspace_root, unless that is allowed', async () => {
    const [workspaceRoot, home] = [tempDir('workspaces'), tempDir('home')];
    mkdirSync(join(workspaceRoot, 'real'));
    symlinkSync(home, join(workspaceRoot, 'notes'));
    symlinkSync('real', join(workspaceRoot, 'alias'));
    await refuse(join(workspaceRoot, 'alias'), { workspaceRoot });
    await expect(refuse(join(workspaceRoot, 'notes'), { workspaceRoot })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('outside of workspace_root'),
    });
    await refuse(join(workspaceRoot, 'notes'), { workspaceRoot, allowDangerous: ['host_paths'] });
  });

  it('of a socket is refused under any name', async () => {
    const path = join(tempDir('mounts'), 'harmless');
    const listener = createServer();
    onTestFinished(() => new Promise((closed) => listener.close(() => closed())));
    await new Promise<void>((listening) => listener.listen(path, listening));
    await expect(refuse(path)).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('socket'),
    });
  });

  it('of an ordinary folder or file is fine', async () => {
    const folder = tempDir('mounts');
    mkdirSync(join(folder, 'books'));
    writeFileSync(join(folder, 'one.txt'), '');
    await refuse(join(folder, 'books'));
    await refuse(join(folder, 'one.txt'));
  });

  it('of what is not there is an error of the start', async () => {
    await expect(refuse('/no/such/folder')).rejects.toMatchObject({ code: 'START_FAILED' });
  });
});

describe('where an engine is looked for', () => {
  const linux = { os: 'linux', uid: 1000 } as const;

  it('finds rootless sockets of Docker and Podman by itself', () => {
    const paths = engineCandidates({ HOME: '/home/me' }, linux).map(
      (address) => address.kind === 'socket' && address.path,
    );
    expect(paths.slice(0, 4)).toEqual([
      '/var/run/docker.sock',
      '/run/user/1000/docker.sock',
      '/run/user/1000/podman/podman.sock',
      '/run/podman/podman.sock',
    ]);
  });

  it('asks nobody but DOCKER_HOST if that is set', () => {
    const env = { DOCKER_HOST: 'unix:///tmp/d.sock', HOME: '/home/me' };
    expect(engineCandidates(env, linux)).toEqual([{ kind: 'socket', path: '/tmp/d.sock' }]);
  });

  it.each([
    ['tcp://10.0.0.1:2375', 'http://10.0.0.1:2375/', false],
    ['tcp://10.0.0.1:2376', 'http://10.0.0.1:2376/', true],
    ['https://docker.example', 'https://docker.example/', true],
  ])('understands %s', (host, url, tls) => {
    const address = parseDockerHost(host);
    expect(address).toMatchObject({ kind: 'tcp', tls });
    expect(address?.kind === 'tcp' && address.url.href).toBe(url);
  });

  it('does not understand ssh, and nonsense', () => {
    expect(parseDockerHost('ssh://me@host')).toBeUndefined();
    expect(parseDockerHost('tcp://')).toBeUndefined();
    expect(parseDockerHost('docker')).toBeUndefined();
  });
});

describe('#16 why there is no engine', () => {
  const miss = (path: string, code: string) => ({
    address: { kind: 'socket', path } as const,
    error: Object.assign(new Error(code), { code }),
  });

  it('tells missing rights before everything else', () => {
    const misses = [miss('/a', 'ENOENT'), miss('/b', 'ECONNREFUSED'), miss('/c', 'EACCES')];
    expect(explainMisses(misses, undefined).message).toBe('the container engine at /c may not be used by this user');
  });

  it('tells an engine that does not run from none at all', () => {
    expect(explainMisses([miss('/a', 'ENOENT'), miss('/b', 'ECONNREFUSED')], undefined).message).toContain(
      '/b does not answer',
    );
    expect(explainMisses([miss('/a', 'ENOENT')], undefined).message).toBe('there is no container engine');
  });
});

describe('#16 why an image cannot be had', () => {
  it.each([
    ['manifest for a:b not found: manifest unknown', 'there is no such image'],
    ['pull access denied for a, repository does not exist', 'there is no such image'],
    ['unauthorized: authentication required', 'the registry refuses access, or has no such image'],
    ['Get "https://r/v2/": dial tcp: lookup r: no such host', 'the registry cannot be reached'],
    ['Get "https://r/v2/": net/http: TLS handshake timeout', 'the registry cannot be reached'],
    ['toomanyrequests: You have reached your pull rate limit', 'the registry allows no more pulls for now'],
    ['no matching manifest for linux/arm64', 'the image is not made for this machine'],
    ['write /x: no space left on device', 'the disk of the engine is full'],
    ['something else', 'the engine could not pull it'],
  ])('%s', (said, what) => {
    const { code, message } = pullFailure('fs', 'a:b', new Error(said));
    expect(code).toBe('INSTALL_FAILED');
    expect(message).toBe(`fs: cannot get the image a:b: ${what}\n  ${said}`);
  });
});
