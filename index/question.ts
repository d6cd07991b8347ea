/** A request as the index understands it, before anything is looked up. */
import type { Clock } from '../src/stdx/clock.ts';
import { clauses } from './ranking/clauses.ts';
import type { SearchRequest } from './tool-index.ts';
import type { VectorQuestion } from './vector-evidence.ts';

export interface Question {
  readonly request: SearchRequest;
  readonly text: string;
  readonly keyWords: readonly string[];
  /** Of a long request. */
  readonly parts: readonly string[];
  /** In milliseconds of the clock. */
  readonly endsAt: number;
  /** What the models are asked. */
  readonly vectors: Omit<VectorQuestion, 'deadlineMs'>;
}

export interface Reading {
  /** Makes a text such as the models know; it may be in another language. */
  readonly readable: (text: string) => string;
  readonly servers?: ReadonlySet<string>;
  readonly clock: Clock;
}

const DEADLINE_MS = 500;
/** A request is words, not a document; the rest of a longer one is not read. */
const TASK_CHARACTERS = 8_000;
const KEY_WORDS = { count: 32, characters: 100 };

export function readQuestion(request: SearchRequest, { readable, servers, clock }: Reading): Question {
  const text = request.task.slice(0, TASK_CHARACTERS);
  const parts = clauses(text);
  const keyWords = (request.keyWords ?? [])
    .slice(0, KEY_WORDS.count)
    .map((word) => word.slice(0, KEY_WORDS.characters));
  const whole = readable([text, ...keyWords].join(' . '));
  const endsAt = clock.now() + (request.deadlineMs ?? DEADLINE_MS);
  return { request, text, keyWords, parts, endsAt, vectors: { text: whole, clauses: parts.map(readable), servers } };
}
