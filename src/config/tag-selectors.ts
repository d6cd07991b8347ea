/** `tag:x` in lists of servers and tools, resolved to the names and patterns that it stands for; nothing later knows of tags. */
import { nearest } from '../stdx/nearest.ts';
import type { KeyPath } from './problems.ts';
import type { ConfigDocument, ServerDocument } from './schema.ts';
import type { ServerSurroundings } from './server-entry.ts';
import { matchesGlob } from './tool-filter.ts';

export interface TagSelectors {
  /** Names and globs of servers; each `tag:x` becomes the servers that have the tag themselves. */
  servers(selectors: readonly string[], path: KeyPath): string[];
  /** Patterns of tools; each `tag:x` becomes those of the tools that have the tag, or whose server has it. */
  tools(selectors: readonly string[], path: KeyPath): string[];
}

const PREFIX = 'tag:';
export const isTagSelector = (text: string): boolean => text.startsWith(PREFIX);

interface Tagged {
  readonly tag: string;
  readonly server: string;
  /** Name or glob of its tools; undefined where the server as a whole has the tag. */
  readonly tools: string | undefined;
}

/** Only what the file says counts: nobody else's server puts itself behind a tag. Reports tags that nothing has. */
export function tagSelectors(document: ConfigDocument, report: ServerSurroundings['report']): TagSelectors {
  const all = (['servers', 'tools', 'mcpServers'] as const).flatMap((block) =>
    Object.entries<ServerDocument>(document[block] ?? {}).flatMap(taggedBy),
  );
  const resolve = (selectors: readonly string[], path: KeyPath, patternOf: (one: Tagged) => string | undefined) =>
    selectors.flatMap((selector, at) => {
      if (!isTagSelector(selector)) return [selector];
      const wanted = selector.slice(PREFIX.length);
      const found = all.filter(({ tag }) => matchesGlob(tag, wanted));
      if (found.length === 0 && !/[*?]/.test(wanted)) report([...path, at], 'value', unknownTag(wanted, all));
      return [...new Set(found.flatMap((one) => patternOf(one) ?? []))];
    });
  return {
    servers: (selectors, path) => resolve(selectors, path, (one) => (one.tools === undefined ? one.server : undefined)),
    tools: (selectors, path) => resolve(selectors, path, ({ server, tools = '*' }) => `${server}:${tools}`),
  };
}

function taggedBy([server, { tags = [], tools }]: [string, ServerDocument]): Tagged[] {
  const ofTools = Object.entries(tools?.tags ?? {});
  return [
    ...tags.map((tag) => ({ tag, server, tools: undefined })),
    ...ofTools.flatMap(([pattern, names]) => names.map((tag) => ({ tag, server, tools: pattern }))),
  ];
}

function unknownTag(wanted: string, all: readonly Tagged[]): string {
  const tags = [...new Set(all.map(({ tag }) => tag))];
  const [near] = nearest(wanted, tags, 1);
  const remedy = near === undefined ? ' — write it under "tags" of a server first' : ` — did you mean "${near}"?`;
  return `nothing has the tag "${wanted}"${remedy}`;
}
