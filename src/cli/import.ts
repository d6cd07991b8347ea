/** `tooldex import --from <client>`: shows which servers of a client would be added, and adds them with --write. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CLIENT_FORMATS, type ClientName, clientFile } from '../config/client-files.ts';
import { type EditedConfig, editConfig } from '../config/edit-config.ts';
import type { ServerEdit } from '../config/edit-server.ts';
import { type ClientImport, type ImportedServer, readClientFile } from '../config/import-client.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { NOBODY_ASKED, save, tellVariables } from './edit-file.ts';
import { type CommonFlags, type Invocation, paint, print, printJson, tell } from './invocation.ts';
import { loadOptions } from './open.ts';

export interface ImportFlags extends CommonFlags {
  readonly from: ClientName;
  readonly file?: string;
  readonly write?: boolean;
}

export async function importServers(invocation: Invocation, flags: ImportFlags): Promise<number> {
  const { env, cwd } = invocation;
  const file = flags.file ? resolve(cwd, flags.file) : clientFile(flags.from, { env, platform: process.platform });
  const found = readClientFile({ client: flags.from, file, text: readText(file, flags.from), env });
  const fitting = fitIn(invocation, flags, found);
  const written = flags.write && fitting.servers.length > 0 ? save(invocation, fitting.edit) : undefined;
  const { servers, skipped } = fitting;
  if (flags.json) printJson(invocation, { from: file, servers, skipped, written: written !== undefined });
  else report(invocation, { servers, skipped });
  tellVariables(
    invocation,
    [...new Set(servers.flatMap(({ variables }) => variables))],
    '; servers that need them are disabled until "tooldex enable"',
  );
  if (written !== undefined) {
    tell(invocation, `${servers.length} added to ${written}; ${file} is as it was`);
    tell(invocation, NOBODY_ASKED);
  } else if (servers.length > 0) tell(invocation, 'hint: this was a preview; --write adds them');
  return 0;
}

interface Fitting extends ClientImport {
  readonly edit: EditedConfig;
}

/** Those that the configuration takes; one that it refuses does not keep the others out. */
function fitIn(invocation: Invocation, flags: ImportFlags, found: ClientImport): Fitting {
  const options = loadOptions(invocation, flags);
  const accepted: ServerEdit[] = [];
  const servers: ImportedServer[] = [];
  const skipped = [...found.skipped];
  let edit = editConfig(options, []);
  for (const server of found.servers) {
    const candidate: ServerEdit = { kind: 'add', name: server.name, entry: server.entry };
    try {
      edit = editConfig(options, [...accepted, candidate]);
      accepted.push(candidate);
      servers.push(server);
    } catch (error) {
      skipped.push({ name: server.name, reason: toGatewayError(error).message });
    }
  }
  return { servers, skipped, edit };
}

function report(invocation: Invocation, { servers, skipped }: ClientImport): void {
  const { stdout, env } = invocation;
  for (const { name, entry, notes } of servers) {
    print(invocation, `${paint(stdout, 'green', '+', env)} ${name}: ${JSON.stringify(entry)}`);
    for (const note of notes) print(invocation, `    note: ${note}`);
  }
  for (const { name, reason } of skipped) print(invocation, `${paint(stdout, 'dim', '-', env)} ${name}: ${reason}`);
  if (servers.length + skipped.length === 0) print(invocation, 'no servers in it');
}

function readText(file: string, client: ClientName): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GatewayError('USAGE', `cannot read the servers of ${client}: ${(error as Error).message}`, {
      hint: `name the file with --file; it has its servers under "${CLIENT_FORMATS[client].blocks[0]}"`,
      cause: error,
    });
  }
}
