/** A server that runs in a container. */
import type { ContainerServerConfig, Mount } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { homeFolder, isWithin, resolvePath } from './paths.ts';
import { type ExpandedEntry, resolveCommon, type ServerSurroundings, size } from './server-entry.ts';

export function resolveContainer(entry: ExpandedEntry, around: ServerSurroundings): ContainerServerConfig {
  const { server, path } = entry;
  const env = server.env ?? {};
  around.expander.noteLiterals(env, [...path, 'env']);
  return {
    ...resolveCommon(entry, around),
    runtime: 'container',
    image: server.image ?? '',
    args: server.args ?? [],
    env,
    network: server.network ?? DEFAULTS.network,
    memoryBytes: size(server.memory ?? DEFAULTS.memory),
    cpus: server.cpus ?? DEFAULTS.cpus,
    pidsMax: server.pids ?? DEFAULTS.pids,
    user: server.user,
    mounts: [...workspaceMount(entry), ...resolveMounts(entry, around)],
  };
}

/** At the same path, so that what one server says of a file is true for all. */
function workspaceMount({ workspaceDir }: ExpandedEntry): Mount[] {
  return workspaceDir === undefined ? [] : [{ source: workspaceDir, target: workspaceDir, readOnly: false }];
}

function resolveMounts({ server, path }: ExpandedEntry, around: ServerSurroundings): Mount[] {
  return (server.mounts ?? []).map((mount, index) => {
    const source = resolvePath(mount.source, around.folder, around.env);
    const refusal = refuseSource(source, homeFolder(around.env));
    if (refusal) around.report([...path, 'mounts', index, 'source'], 'value', `"source": ${refusal}`);
    return { source, target: mount.target, readOnly: mount.read_only ?? true };
  });
}

const MACHINE_FOLDERS = ['/proc', '/sys', '/dev', '/run', '/var/run'];

/** What would hand the machine to the container: its engine, its devices, or all of it. */
function refuseSource(source: string, home: string): string | undefined {
  if (/[,:\0\n]/.test(source)) return 'container engines cannot mount a path with "," or ":" in it';
  if (/\/(?:docker|podman|containerd|crio)\.sock$/.test(source))
    return `${source} would hand over the container engine`;
  if (source === '/' || MACHINE_FOLDERS.some((folder) => isWithin(source, folder))) {
    return `${source} would hand over this machine`;
  }
  return source === home ? `${source} is a whole home — name a folder in it` : undefined;
}
