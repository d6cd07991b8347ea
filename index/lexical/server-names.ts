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

  /** Once for each of its tools. */
  add(server: string): void {
    const known = this.#servers.get(server);
    if (known) known.tools++;
    else {
      const key = nameKey(server);
      this.#servers.set(server, { key, tools: 1 });
      this.#keys.set(key, (this.#keys.get(key) ?? 0) + 1);
    }
  }

  remove(server: string): void {
    const known = this.#servers.get(server);
    if (!known || --known.tools > 0) return;
    this.#servers.delete(server);
    const left = (this.#keys.get(known.key) ?? 1) - 1;
    if (left > 0) this.#keys.set(known.key, left);
    else this.#keys.delete(known.key);
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
      const [begin, end] = [key.slice(0, length), key.slice(-length)];
      if (this.#keys.has(begin)) yield { server: begin, tool: key.slice(length) };
      if (this.#keys.has(end)) yield { server: end, tool: key.slice(0, -length) };
    }
  }
}
