/** Starts a program as the leader of a process group of its own, without a shell, or says plainly why that cannot be. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { GatewayError } from '../../errors.ts';
import { type Family, INSTANCE_VARIABLE } from './kill-ladder.ts';
import type { ParentGuard } from './parent-guard.ts';

export interface Program {
  /** Who it is started for, as error texts call it. */
  readonly server: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All that it gets; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Who it is; without further groups. Undefined: who we are. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface SpawnedGroup {
  readonly child: ChildProcessWithoutNullStreams;
  readonly family: Family;
}

/** Resolves when the program runs; throws START_FAILED. */
export async function spawnGroup(program: Program, guard?: ParentGuard): Promise<SpawnedGroup> {
  await assertFolder(program);
  const { default: spawn } = await import('cross-spawn');
  const mark = guard?.newMark() ?? randomUUID();
  const child = attempt(program, () =>
    spawn(program.command, [...program.args], {
      cwd: program.cwd,
      env: { ...program.env, [INSTANCE_VARIABLE]: mark },
      uid: program.user?.uid,
      gid: program.user?.gid,
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    }),
  ) as ChildProcessWithoutNullStreams;
  ignoreLateErrors(child);
  if (child.pid !== undefined) return { child, family: { group: child.pid, mark } };
  const [error] = await new Promise<[NodeJS.ErrnoException]>((resolve) => {
    child.once('error', (reason) => resolve([reason]));
  });
  throw startFailure(program, error);
}

/** Node reports some reasons by throwing (bad characters, too long a command line), others by an event. */
function attempt<Value>(program: Program, spawn: () => Value): Value {
  try {
    return spawn();
  } catch (error) {
    throw startFailure(program, error as NodeJS.ErrnoException);
  }
}

/** A pipe that breaks is news to whoever writes; here it must only not end the gateway. */
function ignoreLateErrors(child: ChildProcessWithoutNullStreams): void {
  for (const emitter of [child, child.stdin, child.stdout, child.stderr]) emitter?.on('error', () => undefined);
}

/** Without this look a missing folder is reported as a missing command. */
async function assertFolder({ server, cwd }: Program): Promise<void> {
  const found = await stat(cwd).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new GatewayError('START_FAILED', `${server}: its working directory ${cwd} is not there`, {
    hint: `Create ${cwd}, or correct "cwd" of ${server}.`,
  });
}

function startFailure({ server, command, args }: Program, error: NodeJS.ErrnoException): GatewayError {
  const { what, hint } = explainSpawnError(command, error);
  return new GatewayError('START_FAILED', `${server}: cannot start ${command}: ${what}`, {
    hint,
    cause: error,
    data: { command, args: [...args], errno: error.code },
  });
}

function explainSpawnError(command: string, error: NodeJS.ErrnoException): { what: string; hint: string } {
  const isPath = /[\\/]/.test(command);
  switch (error.code) {
    case 'ENOENT':
      if (/\s/.test(command))
        return {
          what: 'there is no such program',
          hint: 'Write only the program as "command", its arguments as "args".',
        };
      return isPath
        ? {
            what: 'there is no such file',
            hint: `Check the path, and the interpreter in the first line of ${command}.`,
          }
        : { what: 'it is not on the PATH', hint: `Install ${command}, or write its full path as "command".` };
    case 'EACCES':
      return {
        what: 'it may not be executed',
        hint: `Make it executable (chmod +x ${command}), or check its folder's rights.`,
      };
    case 'E2BIG':
      return { what: 'its arguments and environment are too long', hint: 'Shorten "args" or "env".' };
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
      return {
        what: `the system has no room for one more process (${error.code})`,
        hint: 'Stop some servers, or raise the limits of this user.',
      };
    default:
      return { what: error.message, hint: 'Check "command", "args" and "env" of this server.' };
  }
}
