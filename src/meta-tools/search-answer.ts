/** Fills hits into a token budget: names first, then signatures, then schemas, always the best hits first and whole. */
import { estimateTokens } from './tokens.ts';

export type Detail = 'auto' | 'names' | 'signatures' | 'schemas';

/** A hit with its three renderings, each a whole record. */
export interface Candidate {
  readonly server: string;
  readonly name: string;
  readonly signature: string;
  /** Whether the signature tells all that a call may fail by. */
  readonly isWhole: boolean;
  readonly schema: string;
}

export interface AnswerRequest {
  readonly candidates: readonly Candidate[];
  readonly detail: Detail;
  readonly tokensMax: number;
  /** The line under which a server's tools stand. */
  readonly heading: (server: string) => string;
  /** First and last lines, told how many records are shown. */
  readonly header: (shown: number) => string;
  readonly footer: (shown: readonly Candidate[]) => string;
}

type Level = 'name' | 'signature' | 'schema';
type Levels = ReadonlyMap<Candidate, Level>;

/** One pass over the best hits: raises up to `most` of them to a level while the answer stays within its share. */
interface Pass {
  readonly level: Level;
  readonly most?: number;
  readonly share?: number;
}

/** A signature tells what a call may fail by, so schemas are for the very best hits: they add what parameters mean. */
const PASSES: Readonly<Record<Detail, readonly Pass[]>> = {
  names: [{ level: 'name' }],
  signatures: [{ level: 'name' }, { level: 'signature' }],
  schemas: [{ level: 'name' }, { level: 'schema' }, { level: 'signature' }],
  auto: [
    { level: 'name' },
    { level: 'schema', most: 1, share: 0.6 },
    { level: 'signature' },
    { level: 'schema', most: 2 },
  ],
};

/** Never more than `tokensMax` (estimated from above), unless header and footer alone are. */
export function renderAnswer(request: AnswerRequest): string {
  const levels = PASSES[request.detail].reduce<Levels>((before, pass) => raise(request, before, pass), new Map());
  return render(request, levels);
}

/** Of the budget: a record of more, such as one of five hundred parameters or of an endless name, holds up none behind it. */
const OWN_SHARE_MAX = 0.5;

/** The first hit that does not fit ends a pass, so that a worse hit never shows more than a better one of its kind. */
function raise(request: AnswerRequest, from: Levels, { level, most = Infinity, share = 1 }: Pass): Levels {
  let levels = from;
  for (const candidate of request.candidates.slice(0, most)) {
    const shown = levels.get(candidate);
    if (shown === 'schema') continue;
    if (level !== 'name' && shown === undefined) continue;
    const next = new Map(levels).set(candidate, level);
    const fits = estimateTokens(render(request, next)) <= request.tokensMax * share;
    if (fits) levels = next;
    else if (estimateTokens(candidate[level]) <= request.tokensMax * OWN_SHARE_MAX) return levels;
  }
  return levels;
}

function render(request: AnswerRequest, levels: Levels): string {
  const shown = request.candidates.filter((candidate) => levels.has(candidate));
  const groups = groupByServer(shown);
  const lines = [request.header(shown.length)];
  for (const [server, members] of groups) {
    lines.push('', request.heading(server));
    for (const candidate of members) lines.push(`- ${candidate[levels.get(candidate) ?? 'name']}`);
  }
  const isAbridged = shown.some((candidate) => levels.get(candidate) === 'signature' && !candidate.isWhole);
  const last = [isAbridged ? ABRIDGED : '', request.footer(shown)].filter(Boolean).join('\n');
  return last ? [...lines, '', last].join('\n') : lines.join('\n');
}

/** Said once, however many signatures have one. */
const ABRIDGED = '"…" in a signature stands for rules that its schema tells: search for it with detail "schemas".';

function groupByServer(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const members = groups.get(candidate.server);
    if (members) members.push(candidate);
    else groups.set(candidate.server, [candidate]);
  }
  return groups;
}
