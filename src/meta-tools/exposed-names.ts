/** Names for the tools of several servers in one list: as hosts accept them, each once, the same at every start. */
import { createHash } from 'node:crypto';

/** Hosts and model providers take letters, digits, `_` and `-`, and no more than 64 of them. */
const CHARACTERS_MAX = 64;
const HASH_CHARACTERS = 8;

export interface ExposedTool {
  readonly server: string;
  /** As its server or the profile calls it. */
  readonly tool: string;
  /** The admin gave it this name, so it gets it as it is. */
  readonly isGiven: boolean;
}

/**
 * The tool's own name where no other has it, else `server_tool`; what is cut, cleaned or still taken ends in a hash of
 * server and tool, so that a name never depends on the order of tools. Given names come first; of two equal ones the
 * second is treated as if it were not given.
 */
export function exposedNames<Tool extends ExposedTool>(tools: readonly Tool[]): ReadonlyMap<string, Tool> {
  const names = new Map<string, Tool>();
  for (const tool of tools) if (tool.isGiven && !names.has(tool.tool)) names.set(tool.tool, tool);
  const named = new Set(names.values());
  const rest = tools.filter((tool) => !named.has(tool));
  const wishes = contested(rest, names);
  for (const tool of rest) {
    const full = `${tool.server}_${tool.tool}`;
    const wish = wishes.has(tool.tool) ? full : tool.tool;
    const isFree = clean(wish) === wish && !names.has(wish) && !(wish === full && wishes.has(full));
    const name = isFree ? wish : freeHashed(wish, tool, names);
    names.set(name, tool);
  }
  return names;
}

/** What more than one tool would be called, or a given name is. */
function contested(tools: readonly ExposedTool[], given: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { server, tool } of tools) {
    count(tool);
    if (`${server}_${tool}` !== tool) count(`${server}_${tool}`);
  }
  for (const name of given.keys()) count(name);
  return new Set([...counts].filter(([name, times]) => times > 1 || given.has(name)).map(([name]) => name));
}

function freeHashed(wish: string, { server, tool }: ExposedTool, taken: ReadonlyMap<string, unknown>): string {
  for (let salt = 0; ; salt++) {
    const hash = createHash('sha256')
      .update(`${server}\0${tool}\0${salt || ''}`)
      .digest('hex')
      .slice(0, HASH_CHARACTERS);
    const name = `${clean(wish).slice(0, CHARACTERS_MAX - HASH_CHARACTERS - 1)}_${hash}`;
    if (!taken.has(name)) return name;
  }
}

const clean = (name: string) => name.replace(/[^A-Za-z0-9_-]/gu, '_').slice(0, CHARACTERS_MAX);
