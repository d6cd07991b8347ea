/** What a container is allowed: as little as a server needs, unless its entry opens more. */
import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerServerConfig, Danger } from '../../config/config.ts';
import { GatewayError } from '../../errors.ts';

export type ContainerServer = Pick<
  ContainerServerConfig,
  | 'name'
  | 'image'
  | 'args'
  | 'env'
  | 'network'
  | 'memoryBytes'
  | 'cpus'
  | 'pidsMax'
  | 'user'
  | 'mounts'
  | 'workspaceDir'
> &
  Partial<
    Pick<ContainerServerConfig, 'workspaceRoot' | 'runtimeClass' | 'isPrivileged' | 'allowDangerous' | 'registryAuth'>
  >;

/** The labels by which a container of ours is known to any later gateway, and to `docker ps --filter label=`. */
export const LABELS = {
  server: 'io.tooldex.server',
  /** Machine and data folder; gateways that share both reap each other's leftovers. */
  home: 'io.tooldex.home',
  /** `pid@start` of the gateway that started it. */
  gateway: 'io.tooldex.gateway',
  /** Number of the configuration that was in use; each reload counts one up. */
  generation: 'io.tooldex.generation',
} as const;

export type Labels = Readonly<Record<string, string>>;

/** The request that creates it. Everything goes as JSON values, never through a command line that could be split anew. */
export function containerOptions(server: ContainerServer, labels: Labels): ContainerCreateOptions {
  assertSafe(server);
  return {
    Image: imageWithTag(server.image),
    Cmd: [...server.args],
    Env: Object.entries(server.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...labels, [LABELS.server]: server.name },
    ...(server.user === undefined ? {} : { User: server.user }),
    Tty: false,
    OpenStdin: true,
    // Its input ends with our connection: a server whose gateway was killed goes by itself, and AutoRemove takes it away.
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      AutoRemove: true,
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      ...(server.isPrivileged ? { Privileged: true } : {}),
      ...(server.runtimeClass === undefined ? {} : { Runtime: server.runtimeClass }),
      NetworkMode: server.network,
      Memory: server.memoryBytes,
      // The same number: no swap on top of the memory.
      MemorySwap: server.memoryBytes,
      NanoCpus: Math.round(server.cpus * 1e9),
      PidsLimit: server.pidsMax,
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
      // Every message would otherwise be written to the engine's disk a second time.
      LogConfig: { Type: 'none', Config: {} },
      Mounts: server.mounts.map(({ source, target, readOnly }) => ({
        Type: 'bind' as const,
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
    },
  };
}

/** `name` means `name:latest`, where engines would otherwise fetch every tag there is. */
export function imageWithTag(image: string): string {
  const isPinned = image.includes('@') || /:[^/]+$/.test(image);
  return isPinned ? image : `${image}:latest`;
}

/** Image references as engines read them: host, path, tag, digest; nothing that could be taken for an option. */
const REFERENCE = /^[a-z0-9][\w.-]*(:\d+)?(\/[a-z0-9][\w.-]*)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/i;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const NETWORK = /^[a-zA-Z0-9][\w.-]*$/;

function assertSafe(server: ContainerServer): void {
  const { name, image, env, network, runtimeClass, allowDangerous = [] } = server;
  if (!REFERENCE.test(image))
    throw invalid(
      `${name}: "${image}" is no name of an image`,
      'Write it as [host/]name[:tag] or [host/]name@sha256:….',
    );
  const odd = Object.keys(env).find((variable) => !VARIABLE.test(variable));
  if (odd !== undefined)
    throw invalid(`${name}: ${JSON.stringify(odd)} is no name of a variable`, 'Use letters, digits and _.');
  if (server.isPrivileged && !allowDangerous.includes('privileged')) {
    throw invalid(`${name}: a privileged container has all rights on this machine`, allowing('privileged'));
  }
  if (runtimeClass !== undefined && !NETWORK.test(runtimeClass)) {
    throw invalid(`${name}: "${runtimeClass}" is no name of an OCI runtime`, 'Write it like runsc or kata.');
  }
  if (network === 'host' && allowDangerous.includes('host_network')) return;
  if (network === 'host' || !NETWORK.test(network)) {
    throw invalid(
      `${name}: the network "${network}" would give it the network of this machine or of another container`,
      'Use none, bridge or a network of its own.',
    );
  }
}

const allowing = (danger: Danger) => `If it must be so, write allow_dangerous: [${danger}].`;

function invalid(message: string, hint: string): GatewayError {
  return new GatewayError('NOT_ALLOWED', message, { hint });
}
