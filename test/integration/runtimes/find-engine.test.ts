/** Sockets of rootless engines are found by themselves: real sockets where Docker and Podman put them for a user. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findEngine } from '../../../src/runtimes/container/find-engine.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Answers the one question that an engine is asked to be known. */
async function engineAt(path: string): Promise<{ readonly asked: string[]; readonly server: Server }> {
  const asked: string[] = [];
  mkdirSync(dirname(path), { recursive: true });
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('OK');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return { asked, server };
}

const found = async (env: Record<string, string>) => (await findEngine(env)).address;

// The socket of the system comes first, where there is one.
describe.skipIf(process.platform === 'win32' || existsSync('/var/run/docker.sock'))('a rootless engine', () => {
  it.each(['docker.sock', 'podman/podman.sock'])('is found at XDG_RUNTIME_DIR/%s', async (name) => {
    const run = tempDir('xdg');
    const { asked } = await engineAt(join(run, name));
    expect(await found({ XDG_RUNTIME_DIR: run, HOME: '/nowhere' })).toEqual({ kind: 'socket', path: join(run, name) });
    expect(asked).toEqual(['/_ping']);
  });

  it('of Docker comes before one of Podman, and an engine that does not answer before neither', async () => {
    const run = tempDir('xdg');
    const docker = await engineAt(join(run, 'docker.sock'));
    await engineAt(join(run, 'podman', 'podman.sock'));
    const env = { XDG_RUNTIME_DIR: run, HOME: '/nowhere' };
    expect(await found(env)).toEqual({ kind: 'socket', path: join(run, 'docker.sock') });
    await new Promise((closed) => docker.server.close(closed));
    writeFileSync(join(run, 'docker.sock'), '');
    expect(await found(env)).toEqual({ kind: 'socket', path: join(run, 'podman', 'podman.sock') });
  });

  it('is not asked when DOCKER_HOST or CONTAINER_HOST names another', async () => {
    const run = tempDir('xdg');
    const { asked } = await engineAt(join(run, 'docker.sock'));
    const other = join(tempDir('other'), 'engine.sock');
    await engineAt(other);
    for (const name of ['DOCKER_HOST', 'CONTAINER_HOST']) {
      expect(await found({ XDG_RUNTIME_DIR: run, [name]: `unix://${other}` })).toEqual({ kind: 'socket', path: other });
    }
    expect(asked).toEqual([]);
  });
});
