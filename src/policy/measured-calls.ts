/** Tells the metrics of each call to an upstream server. */
import type { Metrics } from '../observability/metrics.ts';
import { type Admission, type Admitted, type AskedCall, type CallOutcome, outcomeOf } from './admission.ts';

export function createMeasuredCalls(metrics: Pick<Metrics, 'call'>): Admission {
  return { admit: (call) => new MeasuredCall(metrics, call) };
}

class MeasuredCall implements Admitted {
  readonly #metrics: Pick<Metrics, 'call'>;
  readonly #call: AskedCall;

  constructor(metrics: Pick<Metrics, 'call'>, call: AskedCall) {
    this.#metrics = metrics;
    this.#call = call;
  }

  finish(ended: CallOutcome): void {
    const { server, tool, door } = this.#call;
    const { durationMs, upstreamMs } = ended;
    this.#metrics.call({ server, tool, door, outcome: outcomeOf(ended), durationMs, upstreamMs });
  }
}
