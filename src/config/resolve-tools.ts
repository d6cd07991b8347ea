/** Which tools of a server there are and how they are shown, with what cannot be said of them at the same time. */

import type { KeyPath } from './problems.ts';
import type { ServerEntry, ServerSurroundings } from './server-entry.ts';
import { isToolThere } from './tool-filter.ts';
import type { GivenNames, ToolFilter } from './tools-config.ts';

type Report = ServerSurroundings['report'];

export function resolveTools({ server, path }: ServerEntry, report: Report): ToolFilter & GivenNames {
  const { rename = {}, describe = {} } = server.tools ?? {};
  const filter = {
    allow: server.tools?.allow ?? server.includeTools,
    deny: [...(server.tools?.deny ?? []), ...(server.excludeTools ?? []), ...(server.disabledTools ?? [])],
  };
  reportTaken(rename, [...path, 'tools', 'rename'], report);
  for (const [key, given] of Object.entries({ rename, describe })) {
    for (const tool of Object.keys(given)) {
      if (isToolThere(filter, tool)) continue;
      const message = `"${tool}" does not exist, because "allow" or "deny" keeps it out — take it out of "${key}" too`;
      report([...path, 'tools', key, tool], 'key', message);
    }
  }
  return { ...filter, rename, describe };
}

/** Reports each name that two tools were given. */
export function reportTaken(rename: Readonly<Record<string, string>>, path: KeyPath, report: Report): void {
  const taken = new Map<string, string>();
  for (const [tool, to] of Object.entries(rename)) {
    const earlier = taken.get(to);
    if (earlier !== undefined) report([...path, tool], 'value', `"${to}" is the name of "${earlier}" already`);
    taken.set(to, tool);
  }
}
