/** Finds a container engine that answers, or says which of the several reasons there is that none does. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { GatewayError } from '../../errors.ts';
import { abortable } from '../../stdx/abort.ts';
import type { Environment } from '../native/child-environment.ts';
import { describeAddress, type EngineAddress, engineCandidates, parseDockerHost } from './engine-candidates.ts';

export interface Engine {
  readonly docker: Docker;
  readonly address: EngineAddress;
}

export interface Miss {
  readonly address: EngineAddress;
  readonly error: NodeJS.ErrnoException;
}

const PING_MS = 3_000;

/** Throws RUNTIME_UNAVAILABLE: none there, none that runs, or none that this user may use. */
export async function findEngine(env: Environment): Promise<Engine> {
  const host = env.DOCKER_HOST ?? env.CONTAINER_HOST;
  if (host && !parseDockerHost(host)) throw unreadableHost(host);
  const misses: Miss[] = [];
  for (const address of engineCandidates(env, { os: process.platform, uid: process.getuid?.() })) {
    const docker = await open(address, env);
    try {
      await abortable(docker.ping(), AbortSignal.timeout(PING_MS));
      return { docker, address };
    } catch (error) {
      misses.push({ address, error: error as NodeJS.ErrnoException });
    }
  }
  throw explainMisses(misses, host);
}

/** Every option is given, because the library would read what is missing from the environment. */
async function open(address: EngineAddress, env: Environment): Promise<Docker> {
  const { default: Engine } = await import('dockerode');
  const unset = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
  if (address.kind === 'socket') return new Engine({ ...unset, socketPath: address.path, protocol: 'http' });
  const { hostname, port } = address.url;
  const protocol = address.tls ? 'https' : 'http';
  const certificates = address.tls ? await readCertificates(env) : {};
  return new Engine({ ...unset, ...certificates, host: hostname, port: port || (address.tls ? 2376 : 2375), protocol });
}

async function readCertificates(env: Environment): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const folder = env.DOCKER_CERT_PATH;
  if (!folder) return {};
  try {
    const [ca, cert, key] = await Promise.all(
      ['ca', 'cert', 'key'].map((name) => readFile(join(folder, `${name}.pem`))),
    );
    return { ca, cert, key };
  } catch (cause) {
    throw new GatewayError(
      'RUNTIME_UNAVAILABLE',
      `the certificates of the container engine cannot be read: ${(cause as Error).message}`,
      {
        hint: 'DOCKER_CERT_PATH must be a folder with ca.pem, cert.pem and key.pem.',
        cause,
      },
    );
  }
}

function unreadableHost(host: string): GatewayError {
  return new GatewayError('RUNTIME_UNAVAILABLE', `DOCKER_HOST ${host} is no address that can be used`, {
    hint: 'Use unix:///path, tcp://host:port or npipe://; for ssh:// forward the socket (ssh -L) and name that.',
  });
}

/** What can be put right is told first: missing rights, then an engine that does not run, then that there is none. */
export function explainMisses(misses: readonly Miss[], host: string | undefined): GatewayError {
  const denied = misses.find(({ error }) => error.code === 'EACCES' || error.code === 'EPERM');
  if (denied) {
    return unavailable(
      denied,
      'may not be used by this user',
      'Join the group of the socket (usermod -aG docker USER), or use rootless Docker or Podman.',
    );
  }
  const silent = misses.find(({ error }) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR');
  if (silent)
    return unavailable(
      silent,
      `does not answer (${silent.error.code ?? silent.error.message})`,
      'Start it (systemctl start docker, or the desktop program), or correct DOCKER_HOST.',
    );
  return new GatewayError(
    'RUNTIME_UNAVAILABLE',
    host ? `there is no container engine at ${host}` : 'there is no container engine',
    {
      hint: 'Install Docker or Podman, or set DOCKER_HOST to the address of an engine.',
      data: { tried: misses.map(({ address }) => describeAddress(address)) },
    },
  );
}

function unavailable({ address, error }: Miss, what: string, hint: string): GatewayError {
  const message = `the container engine at ${describeAddress(address)} ${what}`;
  return new GatewayError('RUNTIME_UNAVAILABLE', message, { hint, cause: error });
}
