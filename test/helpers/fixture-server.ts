/** Where the fixture servers are, and what they note while they run. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface FixtureCommand {
  readonly command: string;
  readonly args: string[];
}

export interface JournalEntry {
  readonly event: string;
  readonly pid: number;
  readonly [fact: string]: unknown;
}

/** Command line of the fixture of that name, such as `well-behaved`. */
export function fixtureServer(name: string, ...args: string[]): FixtureCommand {
  const file = fileURLToPath(new URL(`../fixtures/servers/${name}.mjs`, import.meta.url));
  if (!existsSync(file)) throw new Error(`no fixture server ${name}`);
  return { command: process.execPath, args: [file, ...args] };
}

/** What servers started with `--journal file` noted so far, oldest first; of one kind when `event` is given. */
export function journalOf(file: string, event?: string): JournalEntry[] {
  if (!existsSync(file)) return [];
  // What stands behind the last line end is a line that is being written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const entries = lines.map((line) => JSON.parse(line) as JournalEntry);
  return event === undefined ? entries : entries.filter((entry) => entry.event === event);
}

/** Resolves with the entries once `count` of `event` are in the journal; rejects with what is there after `withinMs`. */
export async function journaled(
  file: string,
  event: string,
  { count = 1, withinMs = 60_000 } = {},
): Promise<JournalEntry[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const entries = journalOf(file, event);
    if (entries.length >= count) return entries;
    if (performance.now() > deadline) {
      const seen = journalOf(file).map((entry) => entry.event);
      throw new Error(`waited for ${count} x ${event} in ${file}; there is: ${seen.join(', ') || 'nothing'}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
