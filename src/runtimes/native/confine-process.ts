/**
 * Puts limits and a sandbox around a program by starting it through the shell's `ulimit` and through bubblewrap: both
 * replace themselves by it or stay in its process group, so that stopping works as without them.
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { NativeServerConfig, ProcessLimits } from '../../config/config.ts';
import { isWithin } from '../../config/paths.ts';
import { GatewayError } from '../../errors.ts';
import { findOnPath } from '../packages/find-npm.ts';
import type { Environment } from './child-environment.ts';

export interface Confinement {
  readonly name: string;
  readonly limits: ProcessLimits;
  readonly sandbox: NativeServerConfig['sandbox'];
  readonly cwd: string;
  readonly workspaceDir: string | undefined;
  /** What the server gets; its PATH is where programs are looked for. */
  readonly env: Environment;
  /** Folders besides those of the command line that it must be able to read, such as its installed package. */
  readonly reads: readonly string[];
  /** Folders and files that it must not see, wherever they are. */
  readonly hides: readonly string[];
}

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** The line unchanged where nothing is asked for. Throws RUNTIME_UNAVAILABLE without bubblewrap, START_FAILED without the command. */
export async function confineProcess(line: CommandLine, confinement: Confinement): Promise<CommandLine> {
  const limits = ulimits(confinement.limits);
  if (limits.length === 0 && confinement.sandbox === 'none') return line;
  // Looked up here, because later it would be a shell's exit code that says so.
  const command = await findProgram(line.command, confinement);
  const found = { ...line, command };
  const boxed = confinement.sandbox === 'bubblewrap' ? await inBubblewrap(found, confinement) : found;
  if (limits.length === 0) return boxed;
  return {
    command: '/bin/sh',
    args: ['-c', `${limits.join(' && ')} && exec "$@"`, 'sh', boxed.command, ...boxed.args],
  };
}

/** Hard and soft at once; numbers only, so nothing of the configuration is read by the shell. */
function ulimits({ memoryBytes, processes, files, cpuSeconds }: ProcessLimits): string[] {
  return [
    ...(memoryBytes === undefined ? [] : [`ulimit -d ${Math.floor(memoryBytes / 1024)}`]),
    // Some shells call it -u, others -p.
    ...(processes === undefined ? [] : [`{ ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes}; }`]),
    ...(files === undefined ? [] : [`ulimit -n ${files}`]),
    ...(cpuSeconds === undefined ? [] : [`ulimit -t ${cpuSeconds}`]),
  ];
}

async function findProgram(command: string, { name, env }: Confinement): Promise<string> {
  if (isAbsolute(command)) return command;
  const found = await findOnPath(command, env);
  if (found) return found;
  throw new GatewayError('START_FAILED', `${name}: cannot start ${command}: it is not on the PATH`, {
    hint: `Install ${command}, or write its full path as "command".`,
  });
}

/** Where secrets and sockets are: the user's files, those of other programs, and what listens. */
const HIDDEN = ['/home', '/root', '/tmp', '/var/tmp', '/run', '/mnt', '/media', '/srv'];
/** Name resolution leads there from /etc. */
const RESOLVER = '/run/systemd/resolve';

async function inBubblewrap(line: CommandLine, confinement: Confinement): Promise<CommandLine> {
  const { name, env, cwd, workspaceDir } = confinement;
  const bwrap = await findOnPath('bwrap', env);
  if (!bwrap) {
    throw new GatewayError('RUNTIME_UNAVAILABLE', `${name}: bubblewrap is not installed`, {
      hint: 'Install it (apt install bubblewrap, dnf install bubblewrap), or leave "sandbox" out.',
    });
  }
  const hidden = await existing([...HIDDEN, ...(env.HOME ? [env.HOME] : [])]);
  const own = await realPaths(confinement.hides.filter((path) => !line.args.includes(path)));
  const named = await namedBy(line, confinement);
  const writable = workspaceDir === undefined ? [] : [workspaceDir];
  return {
    command: bwrap,
    args: [
      ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
      ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--cap-drop', 'ALL'],
      ...hidden.flatMap((folder) => ['--tmpfs', folder]),
      ...['--ro-bind-try', RESOLVER, RESOLVER],
      ...within(hidden, await existing(named)).flatMap((path) => ['--ro-bind', path, path]),
      ...writable.flatMap((path) => ['--bind', path, path]),
      ...(await Promise.all(own.map(hiding))).flat(),
      // Once more what lies in there, and by its real path: bubblewrap puts nothing behind a link.
      ...within(own, await realPaths(named)).flatMap((path) => ['--ro-bind', path, path]),
      ...within(own, await realPaths(writable)).flatMap((path) => ['--bind', path, path]),
      ...['--chdir', cwd, '--', line.command, ...line.args],
    ],
  };
}

const hiding = async (path: string) =>
  (await stat(path)).isDirectory() ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];

/** All that the entry itself names: the program with its folder, files and folders of the command line. */
async function namedBy(line: CommandLine, { reads, cwd }: Confinement): Promise<string[]> {
  const program = await realpath(line.command).catch(() => line.command);
  return [line.command, program, homeOf(program), ...line.args.filter(isAbsolute), ...reads, cwd];
}

/** Those below one of the folders, each once. */
function within(folders: readonly string[], paths: readonly string[]): string[] {
  const below = paths.filter((path) => folders.some((folder) => isWithin(path, folder)) && !folders.includes(path));
  return [...new Set(below)];
}

/** A program in a `bin` needs the `lib` beside it. */
function homeOf(program: string): string {
  const folder = dirname(program);
  return folder.endsWith('/bin') ? join(folder, '..') : program;
}

export async function existing(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => ((await stat(path).catch(() => undefined)) ? [path] : [])));
  return found.flat();
}

const realPaths = async (paths: readonly string[]) =>
  Promise.all((await existing(paths)).map((path) => realpath(path)));
