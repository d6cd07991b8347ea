/** The connection to the container engine that all servers of one gateway share, made when the first of them needs it. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { GatewayError } from '../../errors.ts';
import type { Environment } from '../native/child-environment.ts';
import { processStart } from '../native/process-table.ts';
import { type JoinOptions, SharedTasks } from '../shared-task.ts';
import { LABELS, type Labels } from './container-options.ts';
import { describeAddress } from './engine-candidates.ts';
import { type EngineFacts, factsOf } from './engine-facts.ts';
import { type Engine, findEngine } from './find-engine.ts';
import { limitsLeftOut } from './limits-left-out.ts';
import { hasImage, pullImage, type RegistryAuth } from './pull-image.ts';
import { reapContainers } from './reap-containers.ts';

export interface ImageOwner {
  readonly server: string;
  readonly auth: RegistryAuth | undefined;
}

export interface ConnectedEngine extends Engine {
  readonly facts: EngineFacts;
}

export interface ContainerEngine {
  /** Put on a container that is started now, so that a later gateway knows whose it was. */
  readonly labels: Labels;
  /** Finds it, and removes what an earlier gateway left behind, the first time. Throws RUNTIME_UNAVAILABLE; then the next call tries again. */
  connect(): Promise<ConnectedEngine>;
  /** Pulls an image that is not there. The pull outlives a caller that gives up; the next one joins it. */
  ensureImage(image: string, options: JoinOptions & ImageOwner): Promise<void>;
  /** Breaks off pulls under way. */
  close(): Promise<void>;
}

export interface ContainerEngineOptions {
  readonly env: Environment;
  readonly dataDir: string;
  /** Number of the configuration in use; without one it is 1. */
  readonly generation?: (() => number) | undefined;
  /** Told what an administrator should know, once for each connection. */
  readonly warn?: ((message: string) => void) | undefined;
}

export function createContainerEngine({
  env,
  dataDir,
  generation = () => 1,
  warn,
}: ContainerEngineOptions): ContainerEngine {
  const labels = ownLabels(dataDir);
  const pulls = new SharedTasks<void>();
  const closing = new AbortController();
  let connection: Promise<ConnectedEngine> | undefined;
  async function open(): Promise<ConnectedEngine> {
    const engine = await findEngine(env);
    await reapContainers(engine.docker, labels).catch(() => undefined);
    const facts = await factsOf(engine.docker);
    const missing = limitsLeftOut(facts);
    if (missing.length > 0) warn?.(unlimited(engine, missing));
    return { ...engine, facts };
  }
  function connect(): Promise<ConnectedEngine> {
    connection ??= open().catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
    return connection;
  }
  return {
    get labels() {
      return { ...labels, [LABELS.generation]: String(generation()) };
    },
    connect,
    async ensureImage(image, { server, auth, ...waiting }) {
      const { docker } = await connect();
      if (await hasImage(docker, image)) return;
      await pulls.join(
        // Whoever has other credentials must not be answered by a pull that they do not open.
        auth ? `${auth.username}\0${auth.password}\0${image}` : image,
        (report) => pullImage({ docker, server, image, auth, report, signal: closing.signal }),
        waiting,
      );
    },
    async close() {
      closing.abort(new GatewayError('SHUTTING_DOWN', 'The pull was broken off, as the gateway is shutting down.'));
      await pulls.settled();
    },
  };
}

const unlimited = ({ address }: Engine, missing: readonly string[]) =>
  `the container engine at ${describeAddress(address)} keeps no limits of ${missing.join(', ')}: a container there can take all that there is. Rootless engines need cgroup v2 with delegation for them`;

function ownLabels(dataDir: string): Labels {
  const home = createHash('sha256').update(`${hostname()}\0${dataDir}`).digest('hex').slice(0, 16);
  return { [LABELS.home]: home, [LABELS.gateway]: `${process.pid}@${processStart(process.pid) ?? ''}` };
}
