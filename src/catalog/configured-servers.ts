/** The servers of the configuration, and those added while running, as everybody but their runtime sees them. */
import { isDeepStrictEqual } from 'node:util';
import type { ServerConfig } from '../config/config.ts';
import { isToolThere } from '../config/tool-filter.ts';
import { fingerprint } from './fingerprint.ts';
import type { KnownServer, ServerDirectory, Unconfigured } from './server-directory.ts';
import { toolNames } from './tool-names.ts';

interface Entry {
  readonly config: ServerConfig;
  readonly known: KnownServer;
}

export class ConfiguredServers implements ServerDirectory {
  #servers = new Map<string, Entry>();
  #unconfigured: readonly Unconfigured[] = [];
  #hasNames = false;

  constructor(configs: Iterable<ServerConfig>) {
    this.replace(configs);
  }

  /** Replaces a server of the same name, unless it is the same; a disabled one is left out. */
  add(config: ServerConfig): void {
    if (!config.enabled) return;
    const entry = this.#entryOf(config);
    this.#servers.set(config.name, entry);
    this.#hasNames ||= entry.known.names !== undefined;
  }

  remove(server: string): void {
    this.#servers.delete(server);
  }

  /** All of them at once, in this order. A server whose configuration is the same stays the same object. */
  replace(given: Iterable<ServerConfig>): void {
    const configs = [...given];
    this.#unconfigured = configs.flatMap(unconfigured);
    const next = new Map<string, Entry>();
    for (const config of configs) if (config.enabled) next.set(config.name, this.#entryOf(config));
    this.#servers = next;
    this.#hasNames = [...next.values()].some(({ known }) => known.names !== undefined);
  }

  get hasNames(): boolean {
    return this.#hasNames;
  }

  names(): string[] {
    return [...this.#servers.keys()];
  }

  get(server: string): KnownServer | undefined {
    return this.#servers.get(server)?.known;
  }

  unconfigured(): readonly Unconfigured[] {
    return this.#unconfigured;
  }

  config(server: string): ServerConfig | undefined {
    return this.#servers.get(server)?.config;
  }

  #entryOf(config: ServerConfig): Entry {
    const earlier = this.#servers.get(config.name);
    const isSame = earlier !== undefined && isDeepStrictEqual(plain(earlier.config), plain(config));
    return isSame ? earlier : { config, known: toKnown(config) };
  }
}

function unconfigured({ name, description = '', enabled, missing }: ServerConfig): Unconfigured[] {
  return enabled || missing === undefined ? [] : [{ name, description, missing }];
}

/** URLs keep their text where a deep comparison does not look. */
const plain = (config: ServerConfig) => (config.runtime === 'remote' ? { ...config, url: config.url.href } : config);

function toKnown(config: ServerConfig): KnownServer {
  const names = toolNames([config.tools]);
  return {
    ...(names ? { names } : {}),
    name: config.name,
    description: config.description ?? '',
    tags: config.tags,
    configHash: fingerprint(whatRuns(config)),
    ...(config.missing ? { missing: config.missing } : {}),
    changes: config.changes,
    callTimeoutMs: config.callTimeoutMs,
    callTotalTimeoutMs: config.callTotalTimeoutMs,
    resultBytesMax: config.resultBytesMax,
    allows: (tool) => isToolThere(config.tools, tool),
  };
}

/** The part of a configuration that decides which tools there are; limits and descriptions do not. */
function whatRuns(config: ServerConfig): unknown {
  const { runtime, workspaceDir } = config;
  if (config.runtime === 'native') {
    const { command, args, env, cwd } = config;
    return { runtime, workspaceDir, command, args, env, cwd };
  }
  if (config.runtime === 'remote') {
    const { url, transport, headers } = config;
    return { runtime, url: url.href, transport, headers };
  }
  const { image, args, env, network, user, mounts } = config;
  return { runtime, workspaceDir, image, args, env, network, user, mounts };
}
