/** `tooldex call server:tool '{"a":1}'`: one call, without a running gateway. */
import { text } from 'node:stream/consumers';
import { GatewayError } from '../errors.ts';
import { LOCAL } from '../policy/principal.ts';
import { isObject } from '../stdx/json.ts';
import { forEyes } from '../stdx/unseen.ts';
import { type CommonFlags, type Invocation, printJson, tell } from './invocation.ts';
import { openGateway } from './open.ts';
import { exitCodeOf, printResult } from './print-result.ts';
import { withProgress } from './progress.ts';

export interface CallRequest {
  readonly tool: string;
  readonly given: string;
}

export async function call(invocation: Invocation, { tool, given }: CallRequest, flags: CommonFlags): Promise<number> {
  const params = readParams(given === '-' ? await text(invocation.stdin) : given);
  const { gateway } = await openGateway(invocation, flags, { levelMin: 'off', wholeResults: true });
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  try {
    if (!tool.includes(':')) await indexFirst(invocation, gateway);
    const onProgress = ({ message }: { message?: unknown }) =>
      message !== undefined && tell(invocation, forEyes(String(message)));
    const context = { principal: LOCAL, signal: interrupt.signal, ...(invocation.stderr.isTTY ? { onProgress } : {}) };
    const result = await gateway.calls.call('use_tool', { mcp_tool_name: tool, params }, context);
    if (!result) throw new GatewayError('INTERNAL', 'use_tool is missing');
    if (!flags.json) return printResult(invocation, result);
    printJson(invocation, result);
    return exitCodeOf(result);
  } finally {
    process.off('SIGINT', onInterrupt);
    await gateway.close();
  }
}

type Gateway = Awaited<ReturnType<typeof openGateway>>['gateway'];

/** A bare tool name can only be looked up when all servers are known. */
async function indexFirst(invocation: Invocation, gateway: Gateway): Promise<void> {
  const { discovery } = await gateway.open();
  await withProgress(invocation, (onProgress) => discovery.listMissing({ onProgress }));
}

function readParams(given: string): unknown {
  try {
    const params: unknown = JSON.parse(given);
    if (isObject(params)) return params;
  } catch {
    // Told below, together with JSON that is not an object.
  }
  throw new GatewayError('USAGE', `the arguments are not a JSON object: ${given.slice(0, 80)}`, {
    hint: `write for example tooldex call filesystem:list_directory '{"path":"."}'`,
  });
}
