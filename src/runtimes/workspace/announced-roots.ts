/** The folders that a server is told to be its own: the same in which its paths are kept. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Workspace, whyRefused } from './path-guard.ts';

/** Of a client's list only so many are looked at. */
const WANTED_MAX = 100;

/**
 * As `file:` addresses, by the paths that the server sees: those of `wanted` that lie inside, so that a client may point to
 * a part of the workspace but never out of it; all of the workspace when none does.
 */
export async function announcedRoots({ room }: Workspace, wanted: readonly string[]): Promise<string[]> {
  const inside: string[] = [];
  for (const address of wanted.slice(0, WANTED_MAX)) {
    const path = pathOf(address);
    if (path !== undefined && (await whyRefused(path, room)) === undefined) inside.push(address);
  }
  if (inside.length > 0) return inside;
  return [...new Set(room.folders.map(({ seenAs }) => pathToFileURL(seenAs).href))];
}

function pathOf(address: string): string | undefined {
  try {
    return fileURLToPath(address);
  } catch {
    return undefined;
  }
}
