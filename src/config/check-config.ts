/** What `tooldex check` tells of a configuration: the plan and the doubts, nothing secret, nothing started. */
import { accessSync, constants, existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isLoopback } from '../stdx/loopback.ts';
import { quoteWord } from '../stdx/quote-word.ts';
import { rulesWithoutObject } from './check-rules.ts';
import type { Config, ContainerServerConfig, ServerConfig, ServerMode } from './config.ts';
import { listIncluded } from './include-files.ts';
import { loadConfig } from './load-config.ts';
import type { ProfileConfig } from './profile-config.ts';
import type { LoadOptions } from './resolve.ts';
import { matchesGlob } from './tool-filter.ts';

export interface ConfigPlan {
  readonly file: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly dataDir: string;
  /** Further files that are part of it. */
  readonly included: readonly string[];
  readonly servers: readonly PlannedServer[];
  readonly profiles: readonly PlannedProfile[];
  readonly warnings: readonly string[];
}

export interface PlannedProfile {
  readonly name: string;
  readonly exposure: 'discovery' | 'direct';
  /** Those of the file that are in it and enabled. */
  readonly servers: readonly string[];
}

export interface PlannedServer {
  readonly name: string;
  readonly enabled: boolean;
  readonly runtime: ServerConfig['runtime'];
  readonly mode: ServerMode;
  /** The command line, the image or the address; secrets masked. */
  readonly runs: string;
  readonly workspaceDir: string | undefined;
  /** Of containers: whether the image is named by its digest, so that no other one can come under that name. */
  readonly isPinned?: boolean;
  /** What its entry allows although it endangers the machine. */
  readonly dangers: readonly string[];
}

/** Throws CONFIG_INVALID as loading does. */
export async function checkConfig(options: LoadOptions): Promise<ConfigPlan> {
  const config = await loadConfig(options);
  const { source, listen, dataDir } = config;
  const servers = [...config.servers.values()];
  return {
    file: source.file,
    listen,
    dataDir,
    included: listIncluded(source.include),
    servers: servers.map((server) => planServer(server, config.redact)),
    profiles: [...config.profiles.values()].map((profile) => planProfile(profile, servers)),
    warnings: [
      ...config.warnings,
      ...openListening(config),
      ...servers.flatMap((server) => doubts(server, options.env)),
      ...emptiness(config),
      ...emptyProfiles(config),
      ...rulesWithoutObject(config),
    ].map(config.redact),
  };
}

/** Commands and stdio work all the same, so it is a doubt and no problem. */
function openListening({ listen: { host }, access: { auth } }: Config): string[] {
  if (auth || isLoopback(host)) return [];
  return [`"listen": serve refuses ${host} without "auth" — add "auth: {api_keys: true}"`];
}

function planProfile(
  { name, exposure, servers: patterns }: ProfileConfig,
  servers: readonly ServerConfig[],
): PlannedProfile {
  const isIn = (server: ServerConfig) =>
    server.enabled && patterns.some((pattern) => matchesGlob(server.name, pattern));
  return { name, exposure, servers: servers.filter(isIn).map((server) => server.name) };
}

function emptyProfiles({ profiles, servers }: Config): string[] {
  const planned = [...profiles.values()].map((profile) => planProfile(profile, [...servers.values()]));
  return planned
    .filter((profile) => profile.servers.length === 0)
    .map(({ name }) => `profile "${name}": no server is in it that is enabled`);
}

function planServer(server: ServerConfig, redact: Config['redact']): PlannedServer {
  const { name, enabled, runtime, mode, workspaceDir } = server;
  const shown = { name, enabled, runtime, mode, runs: redact(whatRuns(server)), workspaceDir };
  if (server.runtime !== 'container') return { ...shown, dangers: [] };
  return { ...shown, isPinned: server.image.includes('@sha256:'), dangers: server.allowDangerous };
}

function whatRuns(server: ServerConfig): string {
  switch (server.runtime) {
    case 'native':
      return [server.command, ...server.args].map(quoteWord).join(' ');
    case 'container':
      return [server.image, ...server.args].map(quoteWord).join(' ');
    case 'remote':
      return server.url.href;
  }
}

function emptiness(config: Config): string[] {
  const isUsed = [...config.servers.values()].some(({ enabled }) => enabled);
  return isUsed ? [] : ['no server is configured and enabled, so there is nothing to find'];
}

function doubts(server: ServerConfig, env: LoadOptions['env']): string[] {
  if (!server.enabled) return [];
  const said = (message: string) => [`server "${server.name}": ${message}`];
  switch (server.runtime) {
    case 'native':
      return [server.command, ...(INSTEAD[server.command] ?? [])].some((command) => isRunnable(command, env))
        ? []
        : said(`the command ${server.command} cannot be found or run on this machine`);
    case 'container':
      return missingMounts(server).flatMap((source) => said(`${source} is mounted but does not exist`));
    case 'remote':
      return isOpenlyReadable(server.url) && Object.keys(server.headers).length > 0
        ? said('its headers travel unencrypted — use an https URL')
        : [];
  }
}

const PYTHON_INSTALLERS = ['uv', 'python3', 'python'];
/** Packages are installed without the program that is named, by any of these. */
const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  uvx: PYTHON_INSTALLERS,
  pipx: PYTHON_INSTALLERS,
  npx: ['npm'],
  bunx: ['npm'],
  pnpx: ['npm'],
};

function isRunnable(command: string, env: LoadOptions['env']): boolean {
  if (isAbsolute(command)) return canExecute(command);
  const folders = (env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : [''];
  return folders.some(
    (folder) => folder !== '' && endings.some((ending) => canExecute(join(folder, command + ending))),
  );
}

function canExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missingMounts({ mounts, workspaceDir }: ContainerServerConfig): string[] {
  return mounts.map(({ source }) => source).filter((source) => source !== workspaceDir && !existsSync(source));
}

function isOpenlyReadable(url: URL): boolean {
  return url.protocol === 'http:' && !isLoopback(url.hostname);
}
