/** Asks the best vector layer that can answer, within a deadline; what goes wrong becomes a reason, never an error. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';
import { IndexError } from './index-error.ts';
import type { VectorHit } from './store/vector-store.ts';
import type { VectorLayer } from './vector-layer.ts';
import { withDeadline } from './with-deadline.ts';

export interface VectorQuestion {
  readonly text: string;
  readonly clauses: readonly string[];
  readonly servers?: ReadonlySet<string>;
  readonly deadlineMs: number;
}

/** The hits of the whole request first, then those of each of its parts. */
export type VectorLists = readonly (readonly VectorHit[])[];

export type VectorAnswer =
  | { readonly kind: 'vectors'; readonly hits: VectorLists; readonly degraded?: string }
  | { readonly kind: 'none'; readonly degraded?: string };

/** Nearest tools asked for by the request and by each part of it. */
const NEAREST = 120;

/** The layers are ordered best first. */
export async function vectorEvidence(
  layers: readonly VectorLayer[],
  question: VectorQuestion,
  clock: Clock = systemClock,
): Promise<VectorAnswer> {
  const problems: string[] = [];
  const endsAt = clock.now() + question.deadlineMs;
  for (const layer of layers) {
    const problem = layer.unready() ?? (await ask());
    if (typeof problem !== 'string') return { kind: 'vectors', hits: problem, degraded: problems[0] };
    problems.push(problem);

    async function ask(): Promise<VectorLists | string> {
      const left = endsAt - clock.now();
      if (left <= 0) return 'no time was left for vectors';
      return nearest(layer, { ...question, deadlineMs: left }, clock).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        layer.rest(reason);
        return reason;
      });
    }
  }
  return { kind: 'none', degraded: problems[0] };
}

async function nearest(layer: VectorLayer, question: VectorQuestion, clock: Clock): Promise<VectorLists> {
  const { text, clauses, servers, deadlineMs } = question;
  const model = layer.status().model;
  return withDeadline((signal) => layer.nearest({ texts: [text, ...clauses], limit: NEAREST, servers, signal }), {
    ms: deadlineMs,
    clock,
    expired: () => new IndexError('timeout', `${model} did not answer within ${Math.round(deadlineMs)} ms`),
  });
}
