/** `tooldex search "task"`: the answer that an agent would get, without a running gateway. */
import { GatewayError } from '../errors.ts';
import { namedParts } from '../meta-tools/shown-view.ts';
import { LOCAL } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import { forEyes } from '../stdx/unseen.ts';
import { type CommonFlags, type Invocation, print, printJson, tell } from './invocation.ts';
import { openGateway } from './open.ts';
import { printResult } from './print-result.ts';
import { withProgress } from './progress.ts';

/** The better model takes a tenth of a second to load, and as long again for every ten tools that no gateway has read to it. */
const PATIENCE_MS = 3_000;

export interface SearchFlags extends CommonFlags {
  readonly server?: string;
  readonly limit?: number;
  readonly detail?: string;
  readonly maxTokens?: number;
  readonly explain?: boolean;
}

export async function search(invocation: Invocation, task: string, flags: SearchFlags): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off', searchPatienceMs: PATIENCE_MS });
  try {
    const parts = namedParts(await gateway.open());
    await withProgress(invocation, (onProgress) => parts.discovery.listMissing({ onProgress }));
    if (flags.json || flags.explain) {
      await parts.discovery.refresh();
      const answer = await rank(parts, task, flags);
      if (flags.json) printJson(invocation, answer);
      else explainRanking(invocation, answer);
      tellShortfall(invocation, answer);
      return 0;
    }
    const given = { task_description: task, ...pickFlags(flags) };
    const result = await gateway.calls.call('search_mcp_server', given, {
      principal: LOCAL,
      signal: new AbortController().signal,
    });
    if (!result) throw new GatewayError('INTERNAL', 'search_mcp_server is missing');
    const code = printResult(invocation, result);
    tellShortfall(invocation, (await gateway.observed()).lastSearch());
    return code;
  } finally {
    await gateway.close();
  }
}

/** An agent that asks a running gateway gets a better answer, once that has read all tools. */
function tellShortfall(
  invocation: Invocation,
  answer: { readonly progress?: string; readonly spared?: string } | undefined,
): void {
  if (answer?.spared) tell(invocation, `note: the static model answered: ${answer.spared}`);
  if (!answer?.progress) return;
  tell(
    invocation,
    `note: the static model answered: ${answer.progress}; a running gateway reads them all once it is asked`,
  );
}

type Parts = Awaited<ReturnType<Awaited<ReturnType<typeof openGateway>>['gateway']['open']>>;

async function rank({ index, search: defaults }: Parts, task: string, { server, limit }: SearchFlags) {
  const allow = server === undefined ? {} : { allow: (document: { server: string }) => document.server === server };
  return index.search({ task, limit: limit ?? defaults.limit, ...allow });
}

/** Why each tool stands where it does: its score and the evidence that it is made of. */
function explainRanking(invocation: Invocation, answer: Awaited<ReturnType<typeof rank>>): void {
  const { verdict, confidence, mode, model, degraded, hits } = answer;
  const how = `${mode}${model ? ` with ${model}` : ''}${degraded ? `: ${degraded}` : ''}`;
  print(invocation, `${verdict} (confidence ${confidence.toFixed(2)}), ${how}`);
  for (const [at, { id, score, features }] of hits.entries()) {
    const evidence = Object.entries(features).map(([name, value]) => `${name} ${value.toFixed(2)}`);
    print(invocation, `${at + 1}. ${forEyes(id)} ${score.toFixed(3)}  ${evidence.join('  ')}`);
  }
}

function pickFlags({ server, limit, detail, maxTokens }: SearchFlags): JsonObject {
  const given = { server, limit, detail, max_tokens: maxTokens };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as JsonObject;
}
