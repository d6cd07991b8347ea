/** A server that runs in a container. */
import type { ContainerServerConfig, Danger, Mount } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { homeFolder, isWithin, resolvePath } from './paths.ts';
import { type ExpandedEntry, resolveCommon, type ServerSurroundings, size } from './server-entry.ts';

export function resolveContainer(entry: ExpandedEntry, around: ServerSurroundings): ContainerServerConfig {
  const { server, path } = entry;
  const env = server.env ?? {};
  around.expander.noteLiterals(env, [...path, 'env']);
  refuseDangers(entry, around);
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
    workspaceRoot: around.workspaceRoot,
    runtimeClass: server.runtime_class,
    isPrivileged: server.privileged ?? false,
    allowDangerous: server.allow_dangerous ?? [],
    registryAuth: resolveRegistryAuth(entry, around),
  };
}

function resolveRegistryAuth({ server, path }: ExpandedEntry, { expander }: ServerSurroundings) {
  if (server.registry_auth) expander.noteLiterals(server.registry_auth, [...path, 'registry_auth']);
  return server.registry_auth;
}

/** Each is an error at the key that asks for it, and the remedy names what the admin takes upon himself. */
function refuseDangers({ server, path }: ExpandedEntry, { report }: ServerSurroundings): void {
  const allowed = server.allow_dangerous ?? [];
  if (server.privileged && !allowed.includes('privileged')) {
    report([...path, 'privileged'], 'value', `"privileged": ${needs('all rights on this machine', 'privileged')}`);
  }
  if (server.network === 'host' && !allowed.includes('host_network')) {
    const what = 'this machine\'s network, services that listen on loopback included; "bridge" is the Internet';
    report([...path, 'network'], 'value', `"network": ${needs(what, 'host_network')}`);
  }
}

const needs = (what: string, danger: Danger) =>
  `it would give the container ${what} — allow_dangerous: [${danger}] allows it`;

/** At the same path, so that what one server says of a file is true for all. */
function workspaceMount({ workspaceDir }: ExpandedEntry): Mount[] {
  return workspaceDir === undefined ? [] : [{ source: workspaceDir, target: workspaceDir, readOnly: false }];
}

function resolveMounts({ server, path }: ExpandedEntry, around: ServerSurroundings): Mount[] {
  return (server.mounts ?? []).map((mount, index) => {
    const source = resolvePath(mount.source, around.folder, around.env);
    const refusal = refuseSource(source, {
      home: homeFolder(around.env),
      allowed: server.allow_dangerous ?? [],
      root: around.workspaceRoot,
    });
    if (refusal) around.report([...path, 'mounts', index, 'source'], 'value', `"source": ${refusal}`);
    return { source, target: mount.target, readOnly: mount.read_only ?? true };
  });
}

const MACHINE_FOLDERS = ['/proc', '/sys', '/dev', '/run', '/var/run'];

interface Around {
  readonly home: string;
  readonly root: string;
  readonly allowed: readonly Danger[];
}

/** What would hand the machine to the container: its engine, its devices, or all of it. */
function refuseSource(source: string, { home, root, allowed }: Around): string | undefined {
  if (/[,:\0\n]/.test(source)) return 'container engines cannot mount a path with "," or ":" in it';
  if (/\/(?:docker|podman|containerd|crio)\.sock$/.test(source)) {
    const refusal = `${source} would hand over the container engine — allow_dangerous: [engine_socket] allows it`;
    return allowed.includes('engine_socket') ? undefined : refusal;
  }
  if (allowed.includes('host_paths') || isWithin(source, root)) return undefined;
  const remedy = 'allow_dangerous: [host_paths] allows it';
  if (source === '/' || MACHINE_FOLDERS.some((folder) => isWithin(source, folder))) {
    return `${source} would hand over this machine — ${remedy}`;
  }
  if (source === home) return `${source} is a whole home — name a folder in it`;
  return `${source} is outside of workspace_root (${root}) — ${remedy}`;
}
