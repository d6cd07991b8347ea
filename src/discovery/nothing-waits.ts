/** The error for approving what does not wait. */
import type { WithheldTool } from '../catalog/catalog.ts';
import { GatewayError } from '../errors.ts';

/** TOOL_UNKNOWN with what waits instead. */
export function nothingWaits(server: string, tool: string | undefined, waiting: readonly WithheldTool[]): GatewayError {
  const what = tool === undefined ? `nothing of ${server}` : `no tool "${tool}" of ${server}`;
  const others = waiting.map((each) => `${each.server} ${each.name}`).slice(0, 10);
  return new GatewayError('TOOL_UNKNOWN', `${what} waits for approval`, {
    hint: others.length > 0 ? `what waits: ${others.join(', ')}` : 'nothing waits',
  });
}
