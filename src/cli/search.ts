/** `tooldex search "task"`: the answer that an agent would get, without a running gateway. */
import { GatewayError } from '../errors.ts';
import type { JsonObject } from '../stdx/json.ts';
import { type CommonFlags, type Invocation, printJson } from './invocation.ts';
import { openGateway } from './open.ts';
import { printResult } from './print-result.ts';
import { withProgress } from './progress.ts';

export interface SearchFlags extends CommonFlags {
  readonly server?: string;
  readonly limit?: number;
  readonly detail?: string;
  readonly maxTokens?: number;
}

export async function search(invocation: Invocation, task: string, flags: SearchFlags): Promise<number> {
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off' });
  try {
    const parts = await gateway.open();
    await withProgress(invocation, (onProgress) => parts.discovery.listMissing({ onProgress }));
    if (flags.json) {
      await parts.discovery.refresh();
      printJson(invocation, await searchJson(parts, task, flags));
      return 0;
    }
    const given = { task_description: task, ...pickFlags(flags) };
    const result = await gateway.calls.call('search_mcp_server', given, { signal: new AbortController().signal });
    if (!result) throw new GatewayError('INTERNAL', 'search_mcp_server is missing');
    return printResult(invocation, result);
  } finally {
    await gateway.close();
  }
}

type Parts = Awaited<ReturnType<Awaited<ReturnType<typeof openGateway>>['gateway']['open']>>;

async function searchJson(
  { index, search: defaults }: Parts,
  task: string,
  { server, limit }: SearchFlags,
): Promise<unknown> {
  const allow = server === undefined ? {} : { allow: (document: { server: string }) => document.server === server };
  return index.search({ task, limit: limit ?? defaults.limit, ...allow });
}

function pickFlags({ server, limit, detail, maxTokens }: SearchFlags): JsonObject {
  const given = { server, limit, detail, max_tokens: maxTokens };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as JsonObject;
}
