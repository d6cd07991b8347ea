/** The part of the composition root that tries newer versions of packages; it needs neither catalog nor pool. */
import { openSession } from './bridge/open-session.ts';
import { type ToolChanges, toolChanges } from './catalog/tool-changes.ts';
import type { ToolDefinition } from './catalog/tool-definition.ts';
import type { Config, NativeServerConfig, ServerConfig } from './config/config.ts';
import { explain, GatewayError } from './errors.ts';
import { listOnce } from './lifecycle/list-once.ts';
import { createRuntime, createRuntimeContext } from './runtimes/create-runtime.ts';
import type { InstalledCommand } from './runtimes/packages/installed-package.ts';
import type { PackageRequest } from './runtimes/packages/package-request.ts';
import { type PackageUpgrade, tryUpgrade } from './runtimes/packages/package-upgrade.ts';
import { recognisePackage } from './runtimes/packages/recognise-package.ts';
import { redacting } from './runtimes/redacting.ts';
import type { PrepareProgress } from './runtimes/runtime.ts';
import { nearest } from './stdx/nearest.ts';

export interface Upgrades {
  /** Enabled servers that run a package. */
  readonly servers: readonly string[];
  /** Installs and starts the newest; the caller discards it. Throws SERVER_UNKNOWN, USAGE, and what installing and starting throw. */
  examine(server: string, onProgress: PrepareProgress): Promise<Examined>;
  close(): Promise<void>;
}

export interface Examined extends Pick<PackageUpgrade, 'adopt' | 'discard'> {
  /** Versions: the one that is installed, and the newest. */
  readonly from: string;
  readonly to: string;
  /** The argument of the entry that has to change; undefined where the command leaves the version open. */
  readonly argument: { readonly from: string; readonly to: string } | undefined;
  /** Undefined when there is nothing newer. */
  readonly changes: ToolChanges | undefined;
  /** Why the installed version could not be listed; all tools then count as added. */
  readonly note: string | undefined;
}

export interface UpgradesOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of Tooldex. */
  readonly version: string;
}

type ListTools = (server: NativeServerConfig, copy: InstalledCommand) => Promise<ToolDefinition[]>;

export function openUpgrades({ config, env, version }: UpgradesOptions): Upgrades {
  const { dataDir, tokenSecret, redact } = config;
  const runtimes = createRuntimeContext({ dataDir, env, tokenSecret });
  const { guard } = runtimes;
  const listTools: ListTools = (server, copy) => {
    // This copy, whatever is installed for the command.
    const packages = { install: async () => copy, close: async () => {} };
    const runtime = redacting(createRuntime(server, { ...runtimes, packages }), redact);
    const { name, startTimeoutMs, callTimeoutMs } = server;
    const clientInfo = { name: 'tooldex', version };
    return listOnce(runtime, { open: openSession, server: name, clientInfo, startTimeoutMs, callTimeoutMs });
  };
  return {
    servers: [...config.servers.values()].flatMap((each) => (packageOf(each) ? [each.name] : [])),
    async examine(name, onProgress) {
      const { server, request } = packageNamed(config, name);
      const upgrade = await tryUpgrade(request, { dataDir, env, guard, server: name, onProgress });
      try {
        return await describe(upgrade, server, listTools);
      } catch (error) {
        await upgrade.discard();
        throw error;
      }
    },
    close: () => runtimes.close(),
  };
}

async function describe(upgrade: PackageUpgrade, server: NativeServerConfig, listTools: ListTools): Promise<Examined> {
  const { installed, candidate, isNewer, pin, adopt, discard } = upgrade;
  const common = { from: installed.version, to: candidate.version, adopt, discard };
  if (!isNewer) return { ...common, argument: undefined, changes: undefined, note: undefined };
  const argument = pin && argumentOf(server, pin);
  const after = await listTools(server, candidate);
  const before = await listTools(server, installed).catch((error: unknown) => explain(error));
  if (typeof before !== 'string') return { ...common, argument, changes: toolChanges(before, after), note: undefined };
  return {
    ...common,
    argument,
    changes: toolChanges([], after),
    note: `the installed version does not start: ${before}`,
  };
}

/** The word of the command line that has the version: it may be a flag such as `--package=name@1.2.3`. */
function argumentOf({ name, args }: NativeServerConfig, pin: { from: string; to: string }) {
  // uvx also takes `name@1.2.3`, which is read as `name==1.2.3`.
  const short = { from: pin.from.replace('==', '@'), to: pin.to.replace('==', '@') };
  for (const { from, to } of [pin, short]) {
    const word = args.find((each) => each === from || each.endsWith(`=${from}`));
    if (word !== undefined) return { from: word, to: word.slice(0, word.length - from.length) + to };
  }
  throw new GatewayError('USAGE', `${name}: "${pin.from}" is no argument of its own, so it cannot be changed`, {
    hint: `Write ${pin.to} by hand where it comes from.`,
  });
}

interface Packaged {
  readonly server: NativeServerConfig;
  readonly request: PackageRequest;
}

function packageOf(server: ServerConfig): Packaged | undefined {
  if (!server.enabled || server.runtime !== 'native') return undefined;
  const request = recognisePackage(server);
  return request && { server, request };
}

function packageNamed({ servers }: Config, name: string): Packaged {
  const server = servers.get(name);
  if (!server) {
    const [near] = nearest(name, [...servers.keys()], 1);
    throw new GatewayError('SERVER_UNKNOWN', `there is no server "${name}"`, {
      hint: near ? `did you mean "${near}"?` : 'run "tooldex list" to see the servers',
    });
  }
  const found = packageOf(server);
  if (found) return found;
  throw new GatewayError('USAGE', `${name}: ${server.enabled ? 'it runs no package' : 'it is disabled'}`, {
    hint: 'Only what npx, npm exec, bunx, uvx, pipx run and their like start can be upgraded.',
  });
}
