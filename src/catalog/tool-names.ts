/** Under which names and words a server's tools are shown. Whatever lists, compares or permits them goes by their own names. */
import type { GivenNames } from '../config/tools-config.ts';
import type { ToolDefinition } from './tool-definition.ts';

export interface ToolNames {
  /** What the names were made from, the one that wins last. */
  readonly layers: readonly GivenNames[];
  shown(own: string): string;
  /** Undefined when no tool of the server can be shown under this name. */
  own(shown: string): string | undefined;
  /** False for a tool whose name was given to another one while it has got none. */
  reaches(own: string): boolean;
  /** As it is shown; undefined where it cannot be reached. */
  show(own: ToolDefinition): ToolDefinition | undefined;
}

/** Undefined where nothing is said of any tool. What a later layer says of a tool replaces what an earlier one says. */
export function toolNames(layers: readonly GivenNames[]): ToolNames | undefined {
  const shownNames = merged(layers.map(({ rename }) => rename));
  const descriptions = merged(layers.map(({ describe }) => describe));
  if (shownNames.size === 0 && descriptions.size === 0) return undefined;
  const ownNames = new Map([...shownNames].map(([own, shown]) => [shown, own]));
  const shown: ToolNames['shown'] = (own) => shownNames.get(own) ?? own;
  const own: ToolNames['own'] = (name) => ownNames.get(name) ?? (shownNames.has(name) ? undefined : name);
  const reaches: ToolNames['reaches'] = (name) => own(shown(name)) === name;
  return {
    layers,
    shown,
    own,
    reaches,
    show(definition) {
      if (!reaches(definition.name)) return undefined;
      const name = shown(definition.name);
      const description = descriptions.get(definition.name);
      return { ...definition, name, ...(description === undefined ? {} : { description }) };
    },
  };
}

/** In the order in which they were said last, so that of two tools with one name the last one has it. */
function merged(records: readonly Readonly<Record<string, string>>[]): Map<string, string> {
  const all = new Map<string, string>();
  for (const [own, text] of records.flatMap((record) => Object.entries(record))) {
    all.delete(own);
    all.set(own, text);
  }
  return all;
}
