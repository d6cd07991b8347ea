/** The part of the file system that a server's paths may lead to, and the walk that finds out where one leads. */
import type { Stats } from 'node:fs';
import { lstat, opendir, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
import { isWithin } from '../../config/paths.ts';

/** A folder of this machine, and the path by which the server knows it (another one only in containers). */
export interface RoomFolder {
  readonly seenAs: string;
  readonly source: string;
}

export interface Room {
  readonly folders: readonly RoomFolder[];
  /** Where the server takes relative paths to start; as the server sees it. */
  readonly start: string;
}

const OUT = 'it leads out of the workspace';
/** As many as Linux follows. */
const LINKS_MAX = 40;

interface Walker {
  readonly folders: readonly { readonly seenAs: string; readonly real: string }[];
  links: number;
}

/** Why this path, as the server sees it, leads out of the room; undefined when it stays inside. Follows every link. */
export async function whyOutside(path: string, { folders, start }: Room): Promise<string | undefined> {
  const absolute = isAbsolute(path) ? path : `${start}${sep}${path}`;
  if (!folders.some(({ seenAs }) => isWithin(resolve(absolute), seenAs))) return OUT;
  const real = await Promise.all(
    folders.map(async ({ seenAs, source }) => ({ seenAs, real: await realpath(source).catch(() => source) })),
  );
  // Systems resolve `link/..` by where the link leads, programs often by the text alone: both must stay inside.
  for (const way of new Set([resolve(absolute), absolute])) {
    const reason = await walk(way, { folders: real, links: 0 });
    if (reason !== undefined) return reason;
  }
  return undefined;
}

async function walk(path: string, walker: Walker): Promise<string | undefined> {
  let entry = enter(path, walker);
  while (entry && entry.steps.length > 0) {
    const [step = '', ...steps]: readonly string[] = entry.steps;
    const next = step === '..' ? dirname(entry.at) : join(entry.at, step);
    if (!isInside(next, walker)) return OUT;
    const found = await lstat(next).catch(() => undefined);
    // What is not there can only be made, and whoever makes it goes by the text, which is walked by itself.
    if (!found) return undefined;
    if (!found.isSymbolicLink()) {
      entry = { at: next, steps };
      continue;
    }
    if (++walker.links > LINKS_MAX) return 'it is a circle of links';
    const jump = await follow(next, entry.at, walker);
    if (jump === undefined) return `it goes through the link ${next}, which leads out of the workspace`;
    entry = { at: jump.at, steps: [...jump.steps, ...steps] };
  }
  return entry ? whyForbidden(entry.at, walker) : OUT;
}

interface Entry {
  /** A real folder of the room. */
  readonly at: string;
  readonly steps: readonly string[];
}

/** The folder of the room that an absolute path begins with, by either of its names, and the way on from there. */
function enter(path: string, { folders }: Walker): Entry | undefined {
  const steps = path.slice(parse(path).root.length).split(sep === '\\' ? /[\\/]/ : '/');
  for (const { seenAs, real } of folders) {
    for (const name of [seenAs, real]) {
      const begin = name.slice(parse(name).root.length).split(sep).filter(Boolean);
      const plain = steps.filter((step) => step !== '' && step !== '.');
      const isSame = parse(name).root.toLowerCase() === parse(path).root.toLowerCase();
      if (isSame && begin.every((step, index) => step === plain[index])) {
        return { at: real, steps: plain.slice(begin.length) };
      }
    }
  }
  return undefined;
}

async function follow(link: string, folder: string, walker: Walker): Promise<Entry | undefined> {
  const target = await readlink(link).catch(() => undefined);
  if (target === undefined) return undefined;
  if (isAbsolute(target)) return enter(target, walker);
  return {
    at: folder,
    steps: target.split(sep === '\\' ? /[\\/]/ : '/').filter((step) => step !== '' && step !== '.'),
  };
}

const isInside = (path: string, { folders }: Walker) => folders.some(({ real }) => isWithin(path, real));

/** What is inside by its path and outside all the same: another name of a foreign file, a device, a socket. */
async function whyForbidden(path: string, walker: Walker): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return undefined;
  if (found.isSocket() || found.isBlockDevice() || found.isCharacterDevice()) return 'it is a socket or a device';
  if (!found.isFile() || found.nlink === 1) return undefined;
  return (await hasAllNamesInside(found, walker)) ? undefined : 'the file has another name outside the workspace';
}

/** Counting names means reading folders, so not without end; a file with names beyond that is not trusted. */
const ENTRIES_MAX = 20_000;

async function hasAllNamesInside(file: Stats, { folders }: Walker): Promise<boolean> {
  let names = 0;
  let left = ENTRIES_MAX;
  for await (const path of filesIn(folders.map(({ real }) => real))) {
    if (left-- <= 0) return false;
    const found = await lstat(path).catch(() => undefined);
    if (found?.ino === file.ino && found.dev === file.dev) names++;
    if (names === file.nlink) return true;
  }
  return false;
}

/** Every file once, though one folder may be in another; links are not followed. */
async function* filesIn(folders: readonly string[]): AsyncGenerator<string> {
  const roots = new Set(folders.filter((path) => !folders.some((other) => other !== path && isWithin(path, other))));
  for (const root of roots) {
    const entries = (await opendir(root, { recursive: true }).catch(() => undefined)) ?? [];
    for await (const entry of entries) if (entry.isFile()) yield join(entry.parentPath, entry.name);
  }
}
