/** A server that runs as a process of this machine. */
import type { NativeServerConfig } from './config.ts';
import { resolvePath } from './paths.ts';
import type { KeyPath } from './problems.ts';
import { type ExpandedEntry, resolveCommon, type ServerSurroundings } from './server-entry.ts';

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
  };
}

function resolveCommand(command: string, path: KeyPath, around: ServerSurroundings): string {
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
