/** What to say of a key that the configuration does not have: the key that was probably meant, or where it belongs. */
import { nearest } from '../stdx/nearest.ts';

/** Spellings that are taken but not recommended. */
const NOT_SUGGESTED = new Set(
  'cmd disabled type serverUrl httpUrl additionalHeaders includeTools excludeTools disabledTools autoApprove alwaysAllow alwaysLoad trust gallery inputs $schema'.split(
    ' ',
  ),
);

/** Keys that stand in a block of their own. */
const HOMES: Readonly<Record<string, string>> = {
  timeout: 'limits',
  call_timeout: 'limits: {timeout}',
  total_timeout: 'limits',
  concurrency: 'limits',
  result_size: 'limits',
  allow: 'tools',
  deny: 'tools',
  host: 'listen',
  port: 'listen',
  mode: 'defaults',
  idle_timeout: 'defaults',
  start_timeout: 'defaults',
  limits: 'defaults',
};

/** What other tools call it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  environment: 'env',
  envFile: 'env',
  volumes: 'mounts',
  workdir: 'cwd',
  working_dir: 'cwd',
  http_headers: 'headers',
  mcp_servers: 'mcpServers',
  context_servers: 'mcpServers',
  mcp: 'mcpServers',
};

/** One sentence for each unknown key, in the same order. */
export function nameTheUnknown(unknown: readonly string[], known: readonly string[]): string[] {
  return unknown.map((key) => `unknown key "${key.slice(0, 60)}"${remedy(key, known)}`);
}

function remedy(key: string, known: readonly string[]): string {
  const candidates = known.filter((name) => !NOT_SUGGESTED.has(name));
  const synonym = Object.hasOwn(SYNONYMS, key) ? SYNONYMS[key] : undefined;
  if (synonym !== undefined && candidates.includes(synonym)) return ` — did you mean "${synonym}"?`;
  const home = Object.hasOwn(HOMES, key) ? HOMES[key] : undefined;
  if (home !== undefined && candidates.includes(home.split(':')[0] ?? '')) return ` — it belongs in "${home}"`;
  const [guess] = nearest(key, candidates, 1);
  if (guess !== undefined) return ` — did you mean "${guess}"?`;
  return candidates.length <= 16 ? ` — there are ${candidates.join(', ')}` : '';
}
