/** Agent hosts weigh a gigabyte: each is installed once, outside the checkout, and only when somebody wants it. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { npm } from '../npm.ts';
import type { AgentHost } from './agent-host.ts';

/** Names of hosts to install, separated by commas, or `all`; unset means: run those that are there already. */
const WANTED = 'TOOLDEX_TEST_HOSTS';

/** Why tests with this host are skipped, printed; undefined when they run. */
export function unwanted(host: AgentHost): string | undefined {
  const wanted = process.env[WANTED];
  if (wanted === undefined && existsSync(folderOf(host))) return undefined;
  if (wanted === 'all' || wanted?.split(',').includes(host.name)) return undefined;
  const reason = `${host.package}@${host.version} is not in ${cache()}; ${WANTED}=${host.name} installs it`;
  process.stderr.write(`skipped: ${reason}\n`);
  return reason;
}

/** Folder with the host in its `node_modules`, installed when it is missing. Needs the npm registry for that. */
export async function installed(host: AgentHost): Promise<string> {
  const folder = folderOf(host);
  if (!existsSync(folder)) await install(host, folder);
  return folder;
}

const cache = () => process.env.TOOLDEX_TEST_CACHE ?? join(machineTemp(), 'tooldex-hosts-cache');

/** The setup of each test file puts a folder of its own into TMPDIR; this one stays. */
const machineTemp = () => (process.env.TOOLDEX_TEST_RUN === undefined ? tmpdir() : dirname(tmpdir()));

const folderOf = ({ name, version }: AgentHost) => join(cache(), `${name}@${version}`);

/** Whole or not at all: installed beside and renamed. Without scripts: theirs write into the home folder. */
async function install(host: AgentHost, folder: string): Promise<void> {
  mkdirSync(cache(), { recursive: true });
  const beside = mkdtempSync(`${folder}-`);
  try {
    writeFileSync(join(beside, 'package.json'), '{"private":true}');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
    const args = ['install', ...quiet, '--cache', join(beside, '.npm'), `${host.package}@${host.version}`];
    await npm(args, beside);
    rmSync(join(beside, '.npm'), { recursive: true, force: true });
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}
