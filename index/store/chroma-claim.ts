/** Says which process runs the Chroma server of a folder: two servers would spoil its files, so who comes later uses the first one's. */
import { linkSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from '../../src/stdx/is-running.ts';
import { isObject } from '../../src/stdx/json.ts';

export interface ChromaClaim {
  readonly address: string;
  /** Of the process whose child the server is. */
  readonly owner: number;
  /** When that began: a container gives every life the same number. */
  readonly since: number;
  /** The machine, and what of it a process sees: elsewhere its number says nothing, and the server cannot be reached. */
  readonly place: string;
}

export interface FoundClaim extends ChromaClaim {
  readonly ageMs: number;
  readonly touchedAtMs: number;
}

/** A process touches its claim so often, for those that cannot look at it. */
const TOUCH_MS = 2_000;
/** Claims of elsewhere that nobody has touched for so long are nobody's any more. */
const SILENT_MS = 15_000;

/** What a server at an address says to a heartbeat. */
export type Heartbeat = 'answers' | 'refused' | 'silent';

const fileIn = (folder: string) => join(folder, 'tooldex-server.json');

/** Undefined where nobody has claimed the folder; a damaged claim is nobody's. */
export function readClaim(folder: string): FoundClaim | undefined {
  try {
    const touchedAtMs = statSync(fileIn(folder)).mtimeMs;
    const ageMs = Date.now() - touchedAtMs;
    return { ...parseClaim(readFileSync(fileIn(folder), 'utf8')), ageMs, touchedAtMs };
  } catch {
    return undefined;
  }
}

/** Claims a folder for this process; undefined where another was quicker. Throws what keeps files from being written. */
export function claimFolder(folder: string, address: string): ChromaClaim | undefined {
  const claim = { address, owner: process.pid, since: performance.timeOrigin, place: ownPlace() };
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

/**
 * Says until it is called off that the claim is somebody's. `onLost` is told when another's stands in its place: whoever is
 * held up for long (a paused container) is taken for gone.
 */
export function keepTouching(folder: string, claim: ChromaClaim, onLost: () => void): () => void {
  const touch = () => {
    const standing = readClaim(folder);
    if (standing && !isSame(standing, claim)) return onLost();
    try {
      utimesSync(fileIn(folder), new Date(), new Date());
    } catch {
      // It has been deleted, or the disk takes nothing now.
    }
  };
  const timer = setInterval(touch, TOUCH_MS).unref();
  return () => clearInterval(timer);
}

export const isElsewhere = ({ place }: ChromaClaim) => place !== '' && place !== ownPlace();

/** Waits until a claim of elsewhere is touched, or has not been for long; by our own clock, which may not be theirs. */
export async function isStillTouched(folder: string, found: FoundClaim, signal: AbortSignal): Promise<boolean> {
  const until = performance.now() + SILENT_MS;
  while (performance.now() < until) {
    await delay(TOUCH_MS / 4, undefined, { signal });
    const standing = readClaim(folder);
    if (!standing) return false;
    if (standing.touchedAtMs !== found.touchedAtMs) return true;
  }
  return false;
}

/** Containers on one machine have a name, processes and a network of their own each; some share one or the other. */
function ownPlace(): string {
  return [hostname(), ...['pid', 'net'].map(namespace)].join(' ');
}

function namespace(kind: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return kind;
  }
}

/** Gives up a claim if it is still the one that stands. */
export function dropClaim(folder: string, claim: ChromaClaim): void {
  const standing = readClaim(folder);
  if (standing && isSame(standing, claim)) rmSync(fileIn(folder), { force: true });
}

const isSame = (one: ChromaClaim, other: ChromaClaim) =>
  one.address === other.address && one.owner === other.owner && one.since === other.since && one.place === other.place;

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
  const { address, owner, since, place } = objectOf(text);
  return {
    address: typeof address === 'string' ? address : '',
    owner: typeof owner === 'number' ? owner : 0,
    since: typeof since === 'number' ? since : 0,
    place: typeof place === 'string' ? place : '',
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
