/** `search_mcp_server`: from a task in somebody's own words to the tools that do it, within a token budget. */
import type { SearchAnswer } from '../../index/tool-index.ts';
import type { StoredTool } from '../catalog/catalog.ts';
import { splitToolId } from '../catalog/tool-id.ts';
import { GatewayError } from '../errors.ts';
import type { Principal } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import { type MetaTool, type MetaToolParts, textResult } from './parts.ts';
import { findServer } from './resolve-tool.ts';
import { type Candidate, type Detail, renderAnswer } from './search-answer.ts';
import { indexingStatus, serverStatus } from './server-status.ts';
import { someNames } from './some-names.ts';
import { cap, quote } from './third-party-text.ts';
import { toCandidate } from './tool-candidate.ts';

interface SearchRequest {
  readonly task: string;
  readonly keyWords: readonly string[];
  readonly server: string | undefined;
  readonly limit: number;
  readonly detail: Detail;
  readonly tokensMax: number;
}

/** After so long the vectors are left out of the answer. */
const DEADLINE_MS = 1_500;
/** The same tool on several servers is several hits and one record; so many accounts of one service leave room for other tools. */
const HITS_PER_RECORD = 10;
const HITS_MAX = 200;
const SUGGESTION_DESCRIPTION_MAX = 80;

export const searchMcpServer: MetaTool = async (parts, given, { principal }) => {
  const request = readSearchRequest(given, parts.search);
  await parts.discovery.refresh();
  const only = request.server === undefined ? undefined : findServer(parts, request.server).name;
  // Before the search: a server that is indexed during it is not in the answer.
  const indexing = indexingStatus(parts);
  const answer = await parts.index.search({
    task: request.task,
    keyWords: request.keyWords,
    limit: Math.min(HITS_MAX, request.limit * HITS_PER_RECORD),
    deadlineMs: DEADLINE_MS,
    ...(only === undefined ? {} : { allow: ({ server }) => server === only }),
  });
  const isElsewhere = answer.verdict === 'none' && only === undefined;
  const addable = isElsewhere ? await addableServer(parts, request, principal) : undefined;
  return textResult(renderHits(parts, request, { ...answer, indexing, addable }));
};

/** What could be added where nothing that is there fits; undefined where there is nothing to say. */
async function addableServer(
  { policy, additions }: MetaToolParts,
  { task, keyWords }: SearchRequest,
  principal: Principal,
): Promise<string | undefined> {
  if (policy.mayAdd(principal) === 'never') return undefined;
  const wanted = [task, ...keyWords].join(' ');
  const found = await additions.suggest(wanted, (name) => policy.seesServer(principal, name));
  if (found === undefined) return undefined;
  const about = quote(found.description, SUGGESTION_DESCRIPTION_MAX);
  return `Not added yet, but in the catalog: ${found.name} ${about}; add_mcp_server adds it.`;
}

interface Found extends SearchAnswer {
  /** What was not indexed yet when it was searched. */
  readonly indexing: string | undefined;
  /** A server that could be added. */
  readonly addable: string | undefined;
}

function renderHits(parts: MetaToolParts, request: SearchRequest, answer: Found): string {
  const { candidates, copies } = foldCopies(storedHits(parts, answer), request.limit);
  return renderAnswer({
    candidates: candidates.map((tool) => toCandidate(tool, copies.get(tool.hash) ?? [])),
    detail: request.detail,
    tokensMax: request.tokensMax,
    heading: (server) => `## ${server} (${serverStatus(parts, server)})`,
    header: (shown) => header(answer, shown),
    footer: (shown) =>
      [footer(parts, answer, shown), answer.addable, inEnglish(request, answer)].filter(Boolean).join('\n'),
  });
}

function* storedHits({ catalog }: MetaToolParts, answer: SearchAnswer): IterableIterator<StoredTool> {
  for (const { id } of answer.hits) {
    const split = splitToolId(id);
    const tool = split && catalog.tool(split.server, split.tool);
    if (tool) yield tool;
  }
}

/** The same definition on several servers is one record that names the others. Tools behind the last record are left alone. */
function foldCopies(tools: Iterable<StoredTool>, recordsMax: number) {
  const copies = new Map<string, string[]>();
  const candidates: StoredTool[] = [];
  for (const tool of tools) {
    const others = copies.get(tool.hash);
    if (others) others.push(tool.server);
    else if (candidates.length === recordsMax) break;
    else {
      copies.set(tool.hash, []);
      candidates.push(tool);
    }
  }
  return { candidates, copies };
}

const VERDICTS = {
  match: 'match',
  weak: 'weak match: read before you use',
  none: 'none: no tool seems to fit',
} as const;

function header(answer: Found, shown: number): string {
  const mode = answer.degraded ? `${answer.mode} (${cap(answer.degraded, 80)})` : answer.mode;
  const counts = `shown ${shown} of ${Math.max(shown, answer.matched)} matching, ${answer.searched} tools searched`;
  const { indexing } = answer;
  const first = `verdict: ${VERDICTS[answer.verdict]} | ${counts} | search_mode: ${mode}`;
  return indexing ? `${first}\n${indexing}` : first;
}

function footer(parts: MetaToolParts, answer: SearchAnswer, shown: readonly Candidate[]): string {
  if (answer.searched === 0) return nothingKnown(parts);
  if (shown.length === 0 && answer.hits.length > 0)
    return 'Nothing fits into max_tokens: ask for more, or for a lower limit.';
  if (shown.length > 0)
    return 'Call one with use_tool {"mcp_server_name","mcp_tool_name","params"}; its server starts by itself.';
  return `Nothing matched. Servers: ${someNames(parts.directory.names(), 20)}.`;
}

/** Letters that are not Latin share no words with tools, which are described in English nearly always. */
function inEnglish({ task, keyWords }: SearchRequest, { verdict, searched }: SearchAnswer): string | undefined {
  const isForeign = /[^\P{L}\p{Script=Latin}]/u.test([task, ...keyWords].join(' '));
  return isForeign && verdict === 'none' && searched > 0
    ? 'Tools are searched best in English: say the task in English.'
    : undefined;
}

/** Only what is on its way is worth waiting for. */
function nothingKnown({ directory, discovery }: MetaToolParts): string {
  const names = directory.names();
  if (names.length === 0) return 'No servers are configured.';
  const usable = names.filter((name) => directory.get(name)?.missing === undefined);
  if (usable.length === 0) return 'No tools are known: every server has to be configured by the admin first.';
  const isOnItsWay = usable.some((name) => ['waiting', 'listing'].includes(discovery.knowledge(name).kind));
  return isOnItsWay
    ? 'No tools are known yet: servers are being indexed; search again in a few seconds.'
    : 'No tools are known: every server fails. add_mcp_server tries one again and says what is wrong with it.';
}

/** Reads the arguments leniently: aliases, numbers as text, key words as text or list. */
function readSearchRequest(given: JsonObject, defaults: MetaToolParts['search']): SearchRequest {
  const task = taskOf(TASK_KEYS.map((key) => given[key]).find((value) => value !== undefined && value !== null));
  const keyWords = words(given.key_words ?? given.keyWords ?? given.keywords);
  if (task === '' && keyWords.length === 0) {
    throw new GatewayError('ARGUMENTS_INVALID', 'search_mcp_server needs a task_description', {
      hint: 'say what kind of tool you need, for example {"task_description":"read a text file from disk"}',
    });
  }
  const server = text(given.server ?? given.mcp_server_name ?? given.mcpServerName);
  return {
    task: task || keyWords.join(' '),
    keyWords,
    server: server || undefined,
    limit: bounded(given.limit, { fallback: defaults.limit, min: 1, max: 50 }),
    detail: DETAILS.find((detail) => detail === given.detail) ?? 'auto',
    tokensMax: bounded(given.max_tokens ?? given.maxTokens, { fallback: defaults.tokensMax, min: 100, max: 20_000 }),
  };
}

const TASK_KEYS = ['task_description', 'taskDescription', 'query', 'task', 'description', 'q'];
const taskOf = (value: unknown) => (Array.isArray(value) ? value.map(text).join(' ').trim() : text(value));

const DETAILS: readonly Detail[] = ['auto', 'names', 'signatures', 'schemas'];

const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '');

function words(value: unknown): string[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[,;\n]/) : [];
  return list.map((word) => text(word)).filter((word) => word !== '');
}

function bounded(value: unknown, range: { fallback: number; min: number; max: number }): number {
  const number = Math.floor(Number(value ?? Number.NaN));
  return Number.isFinite(number) ? Math.min(range.max, Math.max(range.min, number)) : range.fallback;
}
