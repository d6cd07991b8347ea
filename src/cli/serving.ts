/** Which gateways serve from a data folder, and where: notes that each leaves there, so that commands find a running one. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import { isRunning } from '../stdx/is-running.ts';
import { isObject } from '../stdx/json.ts';
import { writeWholeSync } from '../stdx/write-whole.ts';

export interface Serving {
  readonly pid: number;
  /** Of the gateway itself, without a path, as this machine reaches it. */
  readonly url: string;
  /** Its configuration file. */
  readonly file: string;
}

/** Leaves the note; the returned function takes it away. A folder that cannot be written is done without. */
export function noteServing(dataDir: string, { url, file }: { readonly url: URL; readonly file: string }): () => void {
  const note = join(folderOf(dataDir), `${process.pid}.json`);
  try {
    mkdirSync(folderOf(dataDir), { recursive: true });
    const serving: Serving = { pid: process.pid, url: reachable(url).origin, file };
    writeWholeSync(note, JSON.stringify(serving), { mode: 0o600 });
  } catch {
    return () => undefined;
  }
  return () => rmSync(note, { force: true });
}

/** Those whose process is there, the newest process id first; what killed gateways have left is removed. */
export function readServing(dataDir: string): Serving[] {
  const found: Serving[] = [];
  for (const name of namesIn(folderOf(dataDir))) {
    const note = join(folderOf(dataDir), name);
    const serving = parse(note);
    if (serving && isRunning(serving.pid)) found.push(serving);
    else rmSync(note, { force: true });
  }
  return found.sort((one, other) => other.pid - one.pid);
}

/** A failure to listen, with the gateway that listens there already where one of this data folder does. */
export function namingOwner(error: unknown, dataDir: string, { host, port }: Config['listen']): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'LISTEN_FAILED') return error;
  const { origin } = reachable(new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`));
  const owner = readServing(dataDir).find(({ url }) => url === origin);
  if (!owner) return error;
  const message = `${error.message}, by the gateway that serves ${owner.file} from this data folder (pid ${owner.pid})`;
  const hint = `use that one, end it (kill ${owner.pid}), or choose another port with --port (0 takes a free one)`;
  return new GatewayError('LISTEN_FAILED', message, { hint, cause: error });
}

const folderOf = (dataDir: string) => join(dataDir, 'serving');

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    return [];
  }
}

function parse(note: string): Serving | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(note, 'utf8'));
    if (!isObject(read)) return undefined;
    const { pid, url, file } = read;
    if (typeof pid !== 'number' || typeof url !== 'string' || typeof file !== 'string') return undefined;
    return { pid, url, file };
  } catch {
    return undefined;
  }
}

/** Whoever listens on all addresses is reached by the loopback one. */
function reachable(url: URL): URL {
  const own = new URL(url);
  if (own.hostname === '0.0.0.0') own.hostname = '127.0.0.1';
  if (own.hostname === '[::]') own.hostname = '[::1]';
  return own;
}
