/** Tells the metrics of each call to an upstream server. */
import type { Metrics } from '../observability/metrics.ts';
import type { Admission } from './admission.ts';

export function createMeasuredCalls(metrics: Pick<Metrics, 'call'>): Admission {
  return {
    admit: ({ server, tool, door }) => ({
      finish: ({ error, isToolError, durationMs, upstreamMs }) => {
        const outcome = error?.code ?? (isToolError ? 'tool_error' : 'ok');
        metrics.call({ server, tool, door, outcome, durationMs, upstreamMs });
      },
    }),
  };
}
