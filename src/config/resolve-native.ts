/** A server that runs as a process of this machine. */
import type { NativeServerConfig, ProcessLimits } from './config.ts';
import { resolvePath } from './paths.ts';
import type { KeyPath } from './problems.ts';
import { duration, type ExpandedEntry, resolveCommon, type ServerSurroundings, size } from './server-entry.ts';

export function resolveNative(entry: ExpandedEntry, around: ServerSurroundings): NativeServerConfig {
  const { server, path, workspaceDir } = entry;
  const key = server.command === undefined ? 'cmd' : 'command';
  const env = server.env ?? {};
  around.expander.noteLiterals(env, [...path, 'env']);
  warnOfArguments(entry, around);
  return {
    ...resolveCommon(entry, around),
    runtime: 'native',
    command: resolveCommand(server[key] ?? '', [...path, key], around),
    args: server.args ?? [],
    env,
    cwd:
      server.cwd === undefined ? (workspaceDir ?? around.folder) : resolvePath(server.cwd, around.folder, around.env),
    processLimits: resolveProcessLimits(entry, around),
    sandbox: resolveSandbox(entry, around),
    user: resolveUser(entry, around),
    installScripts: server.install_scripts ?? false,
  };
}

function resolveProcessLimits({ server, path }: ExpandedEntry, { report }: ServerSurroundings): ProcessLimits {
  const { memory, processes, files, cpu } = server.limits ?? {};
  const limits: ProcessLimits = {
    ...(memory === undefined ? {} : { memoryBytes: size(memory) }),
    ...(processes === undefined ? {} : { processes }),
    ...(files === undefined ? {} : { files }),
    ...(cpu === undefined ? {} : { cpuSeconds: Math.max(1, Math.ceil(duration(cpu) / 1000)) }),
  };
  if (process.platform === 'win32' && Object.keys(limits).length > 0) {
    report(
      [...path, 'limits'],
      'value',
      '"limits": Windows has no such limits for a process — use WSL2 or a container',
    );
  }
  return limits;
}

function resolveSandbox(
  { server, path }: ExpandedEntry,
  { report }: ServerSurroundings,
): NativeServerConfig['sandbox'] {
  if (server.sandbox === 'bubblewrap' && process.platform !== 'linux') {
    report([...path, 'sandbox'], 'value', '"sandbox": bubblewrap is there on Linux only — use a container');
  }
  return server.sandbox ?? 'none';
}

function resolveUser({ server, path }: ExpandedEntry, { report }: ServerSurroundings): string | undefined {
  if (server.user !== undefined && process.platform === 'win32') {
    report([...path, 'user'], 'value', '"user": on Windows a server runs as you — use WSL2 or a container');
  }
  return server.user;
}

function resolveCommand(command: string, path: KeyPath, around: ServerSurroundings): string {
  // A path of Windows is one everywhere, with blanks in it; it is only not there.
  if (process.platform !== 'win32' && /^[A-Za-z]:\\/.test(command)) return command;
  const isPath = command.includes('/') || command === '~' || (process.platform === 'win32' && command.includes('\\'));
  if (isPath) return resolvePath(command, around.toolsRoot, around.env);
  if (/\s/.test(command)) {
    const message = `"${path.at(-1)}": a program has no blanks in its name — put what follows it in "args"`;
    around.report(path, 'value', message);
  }
  return command;
}

function warnOfArguments({ name, path }: ExpandedEntry, { expander, warn }: ServerSurroundings): void {
  if (!expander.hasSecretAt([...path, 'args'])) return;
  const danger = 'holds the value of a reference, and every user of this machine can see arguments';
  warn(`server "${name}": "args" ${danger} — prefer "env" for secrets`);
}
