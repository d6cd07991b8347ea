/** Asks the best vector layer that can answer, within a deadline; what goes wrong becomes a reason, never an error. */
import { type Clock, systemClock } from '../src/stdx/clock.ts';
import { IndexError } from './index-error.ts';
import type { VectorTuning } from './ranking/tuning.ts';
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

interface Shortfall {
  /** What is wrong with the best source. */
  readonly degraded?: string;
  /** How far a source in the background has come. */
  readonly progress?: string;
}

export type VectorAnswer = Shortfall &
  (
    | { readonly kind: 'vectors'; readonly model: string; readonly hits: VectorLists; readonly tuning: VectorTuning }
    | { readonly kind: 'none' }
  );

/** Nearest tools asked for by the request and by each part of it. */
const NEAREST = 60;

/** A layer that is not the last leaves time for those below it. */
const SHARE_OF_TIME = 0.6;

/** The layers are ordered best first. */
export async function vectorEvidence(
  layers: readonly VectorLayer[],
  question: VectorQuestion,
  clock: Clock = systemClock,
): Promise<VectorAnswer> {
  for (const layer of layers) await layer.waitedFor();
  const problems: string[] = [];
  let progress: string | undefined;
  const endsAt = clock.now() + question.deadlineMs;
  for (const layer of layers) {
    layer.searched();
    const left = endsAt - clock.now();
    const deadlineMs = layer === layers.at(-1) ? left : left * SHARE_OF_TIME;
    const hits = await ask(layer, { ...question, deadlineMs }, clock);
    if (typeof hits !== 'string') {
      const { name: model, tuning } = layer;
      return { kind: 'vectors', model, hits, tuning, degraded: problems[0], progress };
    }
    // It was put away while it was asked, which is nothing amiss.
    if (layer.isClosed) continue;
    if (layer.inBackground && layer.status().problem === undefined) progress = hits;
    else problems.push(hits);
  }
  return { kind: 'none', degraded: problems[0], progress };
}

/** The hits, or why there are none. A layer that is about to be ready is waited for, unless it takes its own time. */
async function ask(layer: VectorLayer, question: VectorQuestion, clock: Clock): Promise<VectorLists | string> {
  const startedAt = clock.now();
  if (layer.unready() && !layer.inBackground && layer.remainingMs() < question.deadlineMs / 2)
    await layer.settledWithin(question.deadlineMs / 2);
  const problem = layer.unready();
  if (problem) return problem;
  const deadlineMs = question.deadlineMs - (clock.now() - startedAt);
  if (deadlineMs <= 0) return 'no time was left for vectors';
  return nearest(layer, { ...question, deadlineMs }, clock).catch((error: unknown) => layer.rest(error));
}

async function nearest(layer: VectorLayer, question: VectorQuestion, clock: Clock): Promise<VectorLists> {
  const { text, clauses, servers, deadlineMs } = question;
  const wanted = { texts: [text, ...clauses], limit: NEAREST, servers };
  if (layer.isImmediate) return layer.nearest(wanted);
  return withDeadline((signal) => layer.nearest({ ...wanted, signal }), {
    ms: deadlineMs,
    clock,
    expired: () => new IndexError('timeout', `${layer.name} did not answer within ${Math.round(deadlineMs)} ms`),
  });
}
