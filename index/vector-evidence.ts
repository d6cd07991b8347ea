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

export type VectorAnswer =
  | { readonly kind: 'vectors'; readonly similarities: Similarities; readonly degraded?: string }
  | { readonly kind: 'none'; readonly degraded?: string };

/** Nearest tools asked for by the request and by each part of it. */
const NEAREST = 240;

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
    if (typeof problem !== 'string') return { kind: 'vectors', similarities: problem, degraded: problems[0] };
    problems.push(problem);

    async function ask(): Promise<Similarities | string> {
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

async function nearest(layer: VectorLayer, question: VectorQuestion, clock: Clock): Promise<Similarities> {
  const { text, clauses, servers, deadlineMs } = question;
  const model = layer.status().model;
  const lists = await withDeadline(
    (signal) => layer.nearest({ texts: [text, ...clauses], limit: NEAREST, servers, signal }),
    {
      ms: deadlineMs,
      clock,
      expired: () => new IndexError('timeout', `${model} did not answer within ${Math.round(deadlineMs)} ms`),
    },
  );
  return new Similarities(lists[0] ?? [], lists.slice(1));
}

/** Similarities of tools that were among the nearest; of the others only a ceiling is known, which stands in for them. */
export class Similarities {
  readonly #whole: Map<string, number>;
  readonly #bestPart: Map<string, number>;
  readonly #wholeFloor: number;
  readonly #partFloor: number;

  constructor(whole: readonly VectorHit[], parts: readonly (readonly VectorHit[])[]) {
    this.#whole = new Map(whole.map(({ id, similarity }) => [id, similarity]));
    this.#wholeFloor = whole.at(-1)?.similarity ?? 0;
    this.#partFloor = Math.max(this.#wholeFloor, ...parts.map((hits) => hits.at(-1)?.similarity ?? 0));
    this.#bestPart = new Map(this.#whole);
    if (parts.length > 0) this.#bestPart.clear();
    for (const { id, similarity } of parts.flat()) {
      this.#bestPart.set(id, Math.max(similarity, this.#bestPart.get(id) ?? -1));
    }
  }

  /** The nearest tools by the whole request and by its parts. */
  *candidates(): IterableIterator<string> {
    yield* this.#whole.keys();
    yield* this.#bestPart.keys();
  }

  cosine(id: string): number {
    return this.#whole.get(id) ?? this.#wholeFloor;
  }

  bestPart(id: string): number {
    return this.#bestPart.get(id) ?? this.#partFloor;
  }
}
