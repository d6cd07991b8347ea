/** The `profiles` block to what the gateway serves: names held against the servers, defaults filled in. */
import { nearest } from '../stdx/nearest.ts';
import type { KeyPath } from './problems.ts';
import type { ProfileConfig } from './profile-config.ts';
import type { ProfileDocument } from './profiles-schema.ts';
import { reportTaken } from './resolve-tools.ts';
import { isTagSelector, type TagSelectors } from './tag-selectors.ts';

export interface ProfileSurroundings {
  readonly tags: TagSelectors;
  /** Names of all servers of the file, those with problems too. */
  readonly serverNames: ReadonlySet<string>;
  /** Agents may bring servers that no file names. */
  readonly takesOthers: boolean;
  readonly report: (path: KeyPath, at: 'key' | 'value', message: string) => void;
}

export function resolveProfiles(
  documents: Readonly<Record<string, ProfileDocument>> | null | undefined,
  around: ProfileSurroundings,
): ReadonlyMap<string, ProfileConfig> {
  const profiles = Object.entries(documents ?? {}).map(([name, document]) => {
    checkNames(name, document, around);
    return [name, toProfile(name, document, around)] as const;
  });
  return new Map(profiles);
}

function toProfile(name: string, document: ProfileDocument, { tags }: ProfileSurroundings): ProfileConfig {
  const { description = '', servers, tools = {}, annotations = {}, exposure = 'discovery' } = document;
  const { prompts = true, resources = true } = document;
  const { allow, deny = [], rename = {}, describe = {} } = tools;
  const path = ['profiles', name];
  const chosen = {
    allow: allow && tags.tools(allow, [...path, 'tools', 'allow']),
    deny: tags.tools(deny, [...path, 'tools', 'deny']),
  };
  return {
    name,
    description,
    servers: tags.servers(servers, [...path, 'servers']),
    tools: { ...chosen, rename, describe },
    annotations,
    prompts,
    resources,
    exposure,
  };
}

function checkNames(name: string, document: ProfileDocument, around: ProfileSurroundings): void {
  const { servers, tools } = document;
  const { serverNames, report } = around;
  if (serverNames.has(name)) {
    report(['profiles', name], 'key', `"${name}" is a server too, and both would be at /mcp/${name} — choose another`);
  }
  servers.forEach((server, at) => {
    if (!isGlob(server) && !isTagSelector(server)) requireServer(server, ['profiles', name, 'servers', at], around);
  });
  for (const key of ['prompts', 'resources'] as const) {
    if (document[key] === undefined || document.exposure === 'direct') continue;
    report(['profiles', name, key], 'key', `"${key}" does nothing without "exposure: direct" — take it out`);
  }
  for (const key of ['rename', 'describe'] as const) {
    for (const tool of Object.keys(tools?.[key] ?? {})) {
      requireServer(tool.slice(0, tool.indexOf(':')), ['profiles', name, 'tools', key, tool], around);
    }
  }
  reportTaken(tools?.rename ?? {}, ['profiles', name, 'tools', 'rename'], report);
}

function requireServer(server: string, path: KeyPath, { serverNames, takesOthers, report }: ProfileSurroundings): void {
  if (takesOthers || serverNames.has(server)) return;
  const [near] = nearest(server, [...serverNames], 1);
  const remedy = near === undefined ? '' : ` — did you mean "${near}"?`;
  report(path, path.at(-2) === 'servers' ? 'value' : 'key', `no server is called "${server}"${remedy}`);
}

const isGlob = (text: string) => /[*?]/.test(text);
