/** Says which process runs the Chroma server of a folder: two servers would spoil its files, so who comes later uses the first one's. */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../src/stdx/is-running.ts';
import { isObject } from '../../src/stdx/json.ts';

export interface ChromaClaim {
  readonly address: string;
  /** Of the process whose child the server is. */
  readonly owner: number;
  /** When that began: a container gives every life the same number. */
  readonly since: number;
}

export interface FoundClaim extends ChromaClaim {
  readonly ageMs: number;
}

/** What a server at an address says to a heartbeat. */
export type Heartbeat = 'answers' | 'refused' | 'silent';

const fileIn = (folder: string) => join(folder, 'tooldex-server.json');

/** Undefined where nobody has claimed the folder; a damaged claim is nobody's. */
export function readClaim(folder: string): FoundClaim | undefined {
  try {
    const ageMs = Date.now() - statSync(fileIn(folder)).mtimeMs;
    return { ...parseClaim(readFileSync(fileIn(folder), 'utf8')), ageMs };
  } catch {
    return undefined;
  }
}

/** Claims a folder for this process; undefined where another was quicker. Throws what keeps files from being written. */
export function claimFolder(folder: string, address: string): ChromaClaim | undefined {
  const claim = { address, owner: process.pid, since: performance.timeOrigin };
  mkdirSync(folder, { recursive: true });
  try {
    writeNew(fileIn(folder), JSON.stringify(claim));
    return claim;
  } catch (error) {
    if (isThere(error)) return undefined;
    throw error;
  }
}

/** Throws EEXIST where there is one. By a link, so that nobody sees it half written; file systems without links take the risk. */
function writeNew(file: string, text: string): void {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, text, { flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (isThere(error)) throw error;
    writeFileSync(file, text, { flag: 'wx' });
  } finally {
    rmSync(draft, { force: true });
  }
}

const isThere = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** Gives up a claim if it is still the one that stands. */
export function dropClaim(folder: string, { address, owner }: ChromaClaim): void {
  const standing = readClaim(folder);
  if (standing?.owner === owner && standing.address === address) rmSync(fileIn(folder), { force: true });
}

/** Whether nobody stands behind it any more: its process has ended, or is there and has had no server for longer than a start takes. */
export function isForsaken({ owner, since, ageMs }: FoundClaim, heartbeat: Heartbeat, startTimeoutMs: number): boolean {
  // A server whose process was killed takes a moment to follow it.
  if (heartbeat === 'answers') return false;
  const isEarlierLife = owner === process.pid && since !== performance.timeOrigin;
  if (isEarlierLife || !isRunning(owner)) return true;
  return heartbeat === 'refused' && ageMs > startTimeoutMs;
}

/** Whether the server behind it is there for others, too. */
export const isUsable = ({ owner }: FoundClaim, heartbeat: Heartbeat) => heartbeat === 'answers' && isRunning(owner);

function parseClaim(text: string): ChromaClaim {
  const { address, owner, since } = objectOf(text);
  return {
    address: typeof address === 'string' ? address : '',
    owner: typeof owner === 'number' ? owner : 0,
    since: typeof since === 'number' ? since : 0,
  };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
