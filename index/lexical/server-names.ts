/** Tells the name of a server from that of its tool where both are typed in one: `mcp__github__create_issue`, `github create issue`. */
import { nameKey } from './exact-names.ts';

export interface NameParts {
  /** Key of the server's name. */
  readonly server: string;
  /** What stands before or after it. */
  readonly tool: string;
}

interface NamedServer {
  readonly key: string;
  tools: number;
}

/** Longer names are not looked for, so that a word without end costs little. */
const LONGEST = 64;
const LONGEST_WITH_TOOL = 400;
/** What clients write before the names of both. */
const CLIENTS_PREFIX = 'mcp';

/** Names are compared by their keys, as those of tools are. */
export class ServerNames {
  readonly #servers = new Map<string, NamedServer>();
  readonly #keys = new Map<string, number>();
  /** Outlines of the keys, each with how many keys have it: most places where a text could be cut are passed over by a number. */
  readonly #outlines = new Map<number, number>();

  /** Once for each of its tools. */
  add(server: string): void {
    const known = this.#servers.get(server);
    if (known) known.tools++;
    else {
      const key = nameKey(server);
      this.#servers.set(server, { key, tools: 1 });
      count(this.#keys, key, 1);
      count(this.#outlines, outline(key, 0, key.length), 1);
    }
  }

  remove(server: string): void {
    const known = this.#servers.get(server);
    if (!known || --known.tools > 0) return;
    this.#servers.delete(server);
    count(this.#keys, known.key, -1);
    count(this.#outlines, outline(known.key, 0, known.key.length), -1);
  }

  keyOf(server: string): string | undefined {
    return this.#servers.get(server)?.key;
  }

  /** Every way to read the text as a server's name with something before or after it. */
  *split(text: string): IterableIterator<NameParts> {
    const whole = nameKey(text);
    if (whole.length > LONGEST_WITH_TOOL) return;
    yield* this.#splitKey(whole);
    if (whole.startsWith(CLIENTS_PREFIX)) yield* this.#splitKey(whole.slice(CLIENTS_PREFIX.length));
  }

  *#splitKey(key: string): IterableIterator<NameParts> {
    for (let length = 1; length < key.length && length <= LONGEST; length++) {
      const rest = key.length - length;
      if (this.#isServer(key, 0, length)) yield { server: key.slice(0, length), tool: key.slice(length) };
      if (this.#isServer(key, rest, key.length)) yield { server: key.slice(rest), tool: key.slice(0, rest) };
    }
  }

  #isServer(text: string, from: number, to: number): boolean {
    return this.#outlines.has(outline(text, from, to)) && this.#keys.has(text.slice(from, to));
  }
}

/** Length, first and last letter of a piece of text as one number, which needs no copy of the piece. */
function outline(text: string, from: number, to: number): number {
  return ((to - from) * 65_536 + text.charCodeAt(from)) * 65_536 + text.charCodeAt(to - 1);
}

function count<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}
