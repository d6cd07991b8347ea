/** Where a container engine may listen, in the order in which they are tried. */
import { join } from 'node:path';
import type { Environment } from '../native/child-environment.ts';

export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly url: URL; readonly tls: boolean };

export interface Platform {
  readonly os: NodeJS.Platform;
  readonly uid: number | undefined;
}

/** `DOCKER_HOST` alone if it is set, else the usual sockets: of the system, of this user (rootless), of Podman, of desktop programs. */
export function engineCandidates(env: Environment, platform: Platform): EngineAddress[] {
  const named = env.DOCKER_HOST ?? env.CONTAINER_HOST;
  if (named) {
    const address = parseDockerHost(named, env);
    return address ? [address] : [];
  }
  if (platform.os === 'win32') return sockets(['//./pipe/docker_engine', '//./pipe/podman-machine-default']);
  const run = env.XDG_RUNTIME_DIR ?? `/run/user/${platform.uid ?? 0}`;
  const home = env.HOME ?? '/';
  return sockets([
    '/var/run/docker.sock',
    join(run, 'docker.sock'),
    join(run, 'podman', 'podman.sock'),
    '/run/podman/podman.sock',
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
    join(home, '.colima', 'default', 'docker.sock'),
    join(home, '.orbstack', 'run', 'docker.sock'),
    join(home, '.rd', 'docker.sock'),
    join(home, '.local', 'share', 'containers', 'podman', 'machine', 'podman.sock'),
  ]);
}

/** Understands `unix://`, `npipe://`, `tcp://`, `http://` and `https://`; undefined for others (`ssh://` among them). */
export function parseDockerHost(host: string, env: Environment = {}): EngineAddress | undefined {
  const pipe = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  if (pipe) return { kind: 'socket', path: pipe };
  // A scheme that URL knows, so that host and port are read as such.
  const known = host.replace(/^tcp:/, 'http:');
  if (!/^https?:\/\//.test(known) || !URL.canParse(known)) return undefined;
  const url = new URL(known);
  return { kind: 'tcp', url, tls: env.DOCKER_TLS_VERIFY === '1' || url.protocol === 'https:' || url.port === '2376' };
}

export function describeAddress(address: EngineAddress): string {
  return address.kind === 'socket' ? address.path : address.url.host;
}

const sockets = (paths: readonly string[]) => paths.map((path): EngineAddress => ({ kind: 'socket', path }));
