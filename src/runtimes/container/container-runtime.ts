/** Servers that run in containers of Docker or Podman, through the engine's API and without its command line. */
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { GatewayError } from '../../errors.ts';
import { makeWorkspace } from '../native/native-runtime.ts';
import type { StopTimes } from '../native/process-endpoint.ts';
import type { PrepareProgress, Runtime } from '../runtime.ts';
import { chooseUser, gatewayOwner } from './choose-user.ts';
import { ContainerEndpoint, exitOfContainer, stopContainer } from './container-endpoint.ts';
import type { ContainerEngine } from './container-engine.ts';
import { type ContainerServer, containerOptions, imageWithTag } from './container-options.ts';
import { refuseDangerousMounts } from './refuse-mounts.ts';

export interface ContainerContext {
  readonly engine: ContainerEngine;
  readonly stopTimes?: StopTimes;
}

const STOP_TIMES: StopTimes = { graceMs: 1_000, termMs: 2_000 };

export function createContainerRuntime(
  server: ContainerServer,
  { engine, stopTimes = STOP_TIMES }: ContainerContext,
): Runtime {
  const options = (user = server.user) => containerOptions({ ...server, user }, engine.labels);
  async function prepare(onProgress?: PrepareProgress, signal?: AbortSignal): Promise<void> {
    options();
    await engine.ensureImage(imageWithTag(server.image), {
      server: server.name,
      auth: server.registryAuth,
      onProgress,
      signal,
    });
  }
  return {
    prepare,
    async launch(signal) {
      await prepare(undefined, signal);
      const connected = await engine.connect();
      const { user, owner } = await chooseUser(connected, server, gatewayOwner());
      await makeWorkspace(server, owner);
      await refuseDangerousMounts(server);
      signal?.throwIfAborted();
      const endpoint = await start({ docker: connected.docker, server, options: options(user), stopTimes });
      if (!signal?.aborted) return endpoint;
      await endpoint.stop();
      throw signal.reason;
    },
  };
}

interface Start {
  readonly docker: Docker;
  readonly server: ContainerServer;
  readonly options: Docker.ContainerCreateOptions;
  readonly stopTimes: StopTimes;
}

async function start(given: Start): Promise<ContainerEndpoint> {
  const { server, options } = given;
  try {
    return await startOnce(given);
  } catch (error) {
    if (!lacksInit(error)) throw startFailure(server, error);
    const withoutInit = { ...options, HostConfig: { ...options.HostConfig, Init: false } };
    return startOnce({ ...given, options: withoutInit }).catch((failed: unknown) => {
      throw startFailure(server, failed);
    });
  }
}

/** Nothing is left of it when it throws. */
async function startOnce({ docker, server, options, stopTimes }: Start): Promise<ContainerEndpoint> {
  const container = await docker.createContainer(options);
  try {
    await assertRuntime(container, server);
    const stream = await attach(container);
    const endpoint = new ContainerEndpoint(container, { stream, ended: exitOfContainer(container) }, stopTimes);
    await container.start();
    return endpoint;
  } catch (error) {
    await stopContainer(container, 0);
    throw error;
  }
}

/** Podman takes a request for another OCI runtime without a word, and starts the container with its usual one. */
async function assertRuntime(container: Docker.Container, { runtimeClass }: ContainerServer): Promise<void> {
  if (runtimeClass === undefined) return;
  const { HostConfig } = await container.inspect();
  if (HostConfig.Runtime !== runtimeClass) throw new Error(`the engine would not use the runtime ${runtimeClass}`);
}

/** The library's own `attach` sends its options as a body too, and Podman hands that to the server as its first words. */
function attach({ id, modem }: Docker.Container): Promise<Duplex> {
  const request = {
    path: `/containers/${id}/attach?`,
    method: 'POST',
    options: { stream: true, stdin: true, stdout: true, stderr: true },
    file: Buffer.alloc(0),
    isStream: true,
    hijack: true,
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
  };
  return new Promise((resolve, reject) => {
    modem.dial(request, (error: Error | null, stream: Duplex) => (error ? reject(error) : resolve(stream)));
  });
}

/** Some engines are installed without the small init program that would reap zombies; a server can do without. */
const lacksInit = (error: unknown) => error instanceof Error && /docker-init|catatonit/.test(error.message);

const CAUSES: ReadonlyArray<readonly [sign: RegExp, hint: string]> = [
  [
    /executable file not found|no such file or directory|no command specified/i,
    'Check "args": the image has no such program, or no program of its own.',
  ],
  [/network .* not found/i, 'Create the network, or use none or bridge.'],
  [
    /unable to find user|no matching entries in passwd/i,
    'Give "user" as numbers (uid:gid), or as a name that the image knows.',
  ],
  [
    /bind source path does not exist|invalid mount/i,
    'Check "mounts"; paths are those of the machine that the engine runs on.',
  ],
  [
    /would not use the runtime/,
    'Podman takes no runtime by this API: set "runtime" in its containers.conf and leave "runtime_class" out.',
  ],
  [/unknown or invalid runtime|unknown runtime/i, 'Give the engine that OCI runtime, or correct "runtime_class".'],
  [/no such image/i, 'Try again: the image was removed while the server was started.'],
];

function startFailure({ name, image }: ContainerServer, error: unknown): GatewayError {
  const said = error instanceof Error ? error.message : String(error);
  const hint = CAUSES.find(([sign]) => sign.test(said))?.[1] ?? `Try the same by hand: docker run -i ${image}`;
  return new GatewayError('START_FAILED', `${name}: the container cannot be started: ${said}`, { hint, cause: error });
}
