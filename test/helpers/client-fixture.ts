/** Files of MCP clients as their users have them, each with one server that runs: `from-<client>`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientName } from '../../src/config/client-files.ts';
import { fixtureServer } from './fixture-server.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/clients', import.meta.url));

/** Writes the file of the client into `folder`; its path and text. */
export function writeClientFixture(
  client: ClientName,
  folder: string,
): { readonly file: string; readonly text: string } {
  const name = readdirSync(FOLDER).find((each) => each.replace(/\.\w+$/, '') === client);
  if (name === undefined) throw new Error(`no fixture of ${client}`);
  const { command, args } = fixtureServer('well-behaved');
  const quoted = (text: string) => JSON.stringify(text).slice(1, -1);
  const text = readFileSync(join(FOLDER, name), 'utf8')
    .replace('@NODE@', () => quoted(command))
    .replace('@SERVER@', () => quoted(args[0] ?? ''));
  const file = join(folder, basename(name));
  writeFileSync(file, text);
  return { file, text };
}
