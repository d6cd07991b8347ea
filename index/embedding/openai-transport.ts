/** Gets one batch through to an OpenAI-compatible endpoint: deadline per attempt, retries with backoff, errors that tell. */
import { textWithin } from '../../src/stdx/text-within.ts';
import { IndexError } from '../index-error.ts';
import { withDeadline } from '../with-deadline.ts';

export interface TransportOptions {
  /** The whole address, `/embeddings` included. */
  readonly endpoint: URL;
  readonly apiKey: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Of one attempt, answer read to the end. */
  readonly timeoutMs: number;
  /** How often a failed attempt is repeated. */
  readonly retries: number;
  readonly fetch: typeof globalThis.fetch;
  /** A server that wants longer pauses than this is given up; a minute. */
  readonly longestPauseMs?: number;
  /** Waits between attempts; rejects when aborted. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const LONGEST_PAUSE_MS = 60_000;
/** Far above 32 vectors of 8,192 numbers each. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const FIRST_PAUSE_MS = 500;
const RETRIED_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504, 529]);
/** Too many inputs or too long ones; how much is too much every server decides for itself. */
const TOO_LARGE_STATUSES = new Set([400, 413, 422]);

/** A smaller request may pass where this one did not. */
export class TooLarge extends IndexError {}

type Attempt =
  | { readonly json: unknown }
  | { readonly failure: IndexError; readonly retryAfterMs?: number | undefined };

/** The parsed body of a 2xx answer. Rejects with IndexError, or with the signal's reason when aborted. */
export async function post(body: object, options: TransportOptions, signal?: AbortSignal): Promise<unknown> {
  for (let retry = 0; ; retry++) {
    const attempt = await tryOnce(body, options, signal);
    if ('json' in attempt) return attempt.json;
    const pauseMs = attempt.retryAfterMs ?? backoffMs(retry);
    const isWorthIt = retry < options.retries && pauseMs <= (options.longestPauseMs ?? LONGEST_PAUSE_MS);
    if (!isWorthIt || !isPassing(attempt.failure)) throw attempt.failure;
    await options.pause(pauseMs, signal);
  }
}

const isPassing = ({ fault }: IndexError) => fault === 'unreachable' || fault === 'timeout';

/** Exponential with full jitter, so that many gateways do not come back in step (AWS Architecture Blog, 2015). */
const backoffMs = (retry: number) => Math.random() * Math.min(20_000, FIRST_PAUSE_MS * 2 ** retry) + 50;

async function tryOnce(body: object, options: TransportOptions, signal?: AbortSignal): Promise<Attempt> {
  const where = options.endpoint.href;
  const expired = () => new IndexError('timeout', `${where} did not answer within ${options.timeoutMs} ms`);
  try {
    return await withDeadline((ending) => exchange(body, options, ending), { ms: options.timeoutMs, expired, signal });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof IndexError) return { failure: error };
    const hint = 'Check that the server runs and that the address is right.';
    return { failure: new IndexError('unreachable', `${where} cannot be reached: ${rootMessage(error)}`, { hint }) };
  }
}

async function exchange(body: object, options: TransportOptions, signal: AbortSignal): Promise<Attempt> {
  const key: Record<string, string> = options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {};
  const response = await options.fetch(options.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...key, ...options.headers },
    body: JSON.stringify(body),
    redirect: 'error',
    signal,
  });
  const text = await textWithin(response, ANSWER_BYTES_MAX);
  if (!response.ok) return { failure: failureOf(response, text, options), retryAfterMs: retryAfterMs(response) };
  try {
    return { json: JSON.parse(text) };
  } catch {
    const message = `${options.endpoint.href} answered something that is not JSON: ${excerpt(text, options)}`;
    return {
      failure: new IndexError('unreachable', message, {
        hint: 'Check that the address is that of the embeddings API.',
      }),
    };
  }
}

function failureOf(response: Response, text: string, options: TransportOptions): IndexError {
  const { status } = response;
  const message = `${options.endpoint.href} answered ${status}: ${excerpt(errorText(text), options)}`;
  if (RETRIED_STATUSES.has(status)) return new IndexError('unreachable', message, { hint: 'Try again later.' });
  if (TOO_LARGE_STATUSES.has(status)) return new TooLarge('refused', message);
  if (status === 401 || status === 403) return new IndexError('refused', message, { hint: 'Check the API key.' });
  if (status === 404)
    return new IndexError('refused', message, { hint: 'Check the model name and the path of the address.' });
  return new IndexError('refused', message);
}

/** In milliseconds: seconds, a date, or the milliseconds that OpenAI and Azure send beside them. */
function retryAfterMs(response: Response): number | undefined {
  const exact = Number(response.headers.get('retry-after-ms') ?? Number.NaN);
  if (exact >= 0) return exact;
  const value = response.headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The message inside the usual `{"error":{"message"}}`, or the text as it is. */
function errorText(text: string): string {
  return /"(?:message|error|detail)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text.slice(0, 4_000))?.[1] ?? text;
}

/** Some servers repeat the request's headers in their errors: every secret we sent is taken out. */
function excerpt(text: string, options: TransportOptions): string {
  const secrets = [options.apiKey, ...Object.values(options.headers)].filter(
    (secret) => secret !== undefined && secret.length > 3,
  );
  const clean = secrets.reduce<string>((shown, secret) => shown.replaceAll(secret ?? '', '***'), text.slice(0, 4_000));
  return clean.replace(/\s+/g, ' ').trim().slice(0, 200) || '(empty)';
}

/** fetch hides what happened ("fetch failed") in the causes. */
function rootMessage(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  if (!(deepest instanceof Error)) return String(deepest);
  const code = 'code' in deepest && typeof deepest.code === 'string' ? deepest.code : '';
  return deepest.message || code || deepest.name;
}
