/** The user that a native server runs as where its entry names one: who that is, and whether he can reach what he needs. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { GatewayError } from '../../errors.ts';
import type { Environment } from './child-environment.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** As the entry has it; for messages. */
  readonly shown: string;
  /** Undefined for a number that no account has. */
  readonly name: string | undefined;
  readonly home: string | undefined;
}

/**
 * For `name`, `uid`, each with `:group` behind it or not. Undefined when that is who runs the gateway already.
 * Throws RUNTIME_UNAVAILABLE where the gateway is not root, START_FAILED for a user or group that is not there.
 */
export async function accountFor(server: string, user: string): Promise<Account | undefined> {
  const [who = '', group] = user.split(':');
  const entry = await lookUp('passwd', who);
  const uid = entry ? Number(entry[2]) : asNumber(who);
  if (uid === undefined) throw unknown(server, 'user', who);
  const gid = group === undefined ? entry && Number(entry[3]) : await groupId(server, group);
  if (gid === undefined) {
    throw new GatewayError('START_FAILED', `${server}: no account has the number ${who}, so its group is not known`, {
      hint: `Write "user" with a group: "${who}:${who}".`,
    });
  }
  if (uid === process.getuid?.() && gid === process.getgid?.()) return undefined;
  if (process.getuid?.() === 0) return { uid, gid, shown: user, name: entry?.[0], home: entry?.[5] || undefined };
  throw new GatewayError('RUNTIME_UNAVAILABLE', `${server}: only root can start a program as the user ${user}`, {
    hint: 'Run Tooldex as root, or take "user" out of its entry; a container can have a "user" without that.',
  });
}

/** What the environment says of the gateway's own user is said of this one instead. */
export function environmentOf(gateway: Environment, { name, home }: Account): Environment {
  return { ...gateway, HOME: home ?? '/', USER: name, LOGNAME: name, SHELL: undefined, TMPDIR: undefined };
}

/** Throws START_FAILED, naming the first path, if this user may not enter a folder or execute a program. Absolute paths. */
export async function assertReachable(server: string, account: Account, paths: readonly string[]): Promise<void> {
  const { uid, gid, shown } = account;
  const script = 'for path do [ -x "$path" ] || { printf %s "$path"; exit; }; done';
  const closed = await output('/bin/sh', ['-c', script, 'sh', ...paths], { uid, gid });
  if (closed === '') return;
  throw new GatewayError('START_FAILED', `${server}: the user ${shown} may not use ${closed}`, {
    hint: `Let it pass every folder above (setfacl -m u:${uid}:x, or chmod o+x), or keep it where ${shown} can reach it.`,
  });
}

async function groupId(server: string, group: string): Promise<number> {
  const entry = await lookUp('group', group);
  const gid = entry ? Number(entry[2]) : asNumber(group);
  if (gid === undefined) throw unknown(server, 'group', group);
  return gid;
}

/** The fields of passwd(5) or group(5), by name or number; `getent` also knows those of a directory in the network. */
async function lookUp(database: 'passwd' | 'group', key: string): Promise<string[] | undefined> {
  const known = await output('getent', [database, key]).catch(() => readFile(`/etc/${database}`, 'utf8'));
  return known
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name, , id]) => name === key || id === key);
}

const asNumber = (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined);

/** What it prints, however it ends; rejects when it cannot be started. */
function output(command: string, args: string[], identity: { uid?: number; gid?: number } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { ...identity, cwd: '/' }, (error, stdout) => {
      if (typeof error?.code === 'string') reject(error);
      else resolve(stdout);
    });
  });
}

function unknown(server: string, what: 'user' | 'group', name: string): GatewayError {
  return new GatewayError('START_FAILED', `${server}: this machine has no ${what} ${name}`, {
    hint: `Correct "user" of ${server}, or make the ${what} (${what === 'user' ? 'useradd' : 'groupadd'} ${name}).`,
  });
}
