/** `tooldex connect <client>`: writes Tooldex into the client's own file, with a backup, and takes it out with --undo. */
import { join, resolve } from 'node:path';
import { type ClientName, clientFile, type Destination } from '../config/client-files.ts';
import { undoConnection, writeConnection } from '../config/connect-client.ts';
import { GatewayError } from '../errors.ts';
import { type CommonFlags, type Invocation, print, printJson, tell } from './invocation.ts';

export interface ConnectFlags extends CommonFlags {
  readonly file?: string;
  readonly url?: string;
  readonly undo?: boolean;
}

export async function connect(
  invocation: Invocation,
  { client, args }: { readonly client: ClientName; readonly args: readonly string[] },
  flags: ConnectFlags,
): Promise<number> {
  const { env, cwd } = invocation;
  const file = flags.file ? resolve(cwd, flags.file) : clientFile(client, { env, platform: process.platform });
  if (flags.undo) {
    undoConnection({ client, file });
    if (flags.json) printJson(invocation, { client, file, connected: false });
    else print(invocation, `took Tooldex out of ${file}`);
    return 0;
  }
  const { backup } = writeConnection({ client, file }, destination(invocation, args, flags));
  if (flags.json) printJson(invocation, { client, file, connected: true, backup: backup ?? null });
  else print(invocation, backup === undefined ? `${file} has Tooldex already` : `wrote Tooldex into ${file}`);
  if (backup !== undefined) {
    const undo = `tooldex connect ${client}${flags.file === undefined ? '' : ` --file ${flags.file}`} --undo`;
    tell(invocation, `restart ${client} to use it; "${undo}" takes it out, ${backup} is how it was`);
  }
  return 0;
}

/** Absolute paths: desktop programs have another PATH, and start servers in another folder. */
function destination(invocation: Invocation, args: readonly string[], flags: ConnectFlags): Destination {
  if (flags.url !== undefined) {
    if (URL.canParse(flags.url) && args.length === 0) return { url: flags.url };
    throw new GatewayError('USAGE', args.length > 0 ? 'a URL takes no arguments' : `"${flags.url}" is not a URL`, {
      hint: 'write it like --url http://127.0.0.1:8080/mcp',
    });
  }
  const { packageRoot, cwd } = invocation;
  const config = flags.config === undefined ? [] : ['--config', resolve(cwd, flags.config)];
  const dataDir = flags.dataDir === undefined ? [] : ['--data-dir', resolve(cwd, flags.dataDir)];
  return {
    command: process.execPath,
    args: [join(packageRoot, 'dist', 'main.cjs'), 'stdio', ...config, ...dataDir, ...args],
  };
}
