/** What the Chroma client throws, told by the names of its errors (its classes are out of reach until it is loaded). */
import { IndexError, type IndexFault } from '../index-error.ts';

export interface ChromaRequest {
  readonly address: string;
  /** Taken out of every message. */
  readonly secrets: readonly string[];
}

const FAULTS: Readonly<Record<string, readonly [fault: IndexFault, hint: string]>> = {
  ChromaConnectionError: ['unreachable', 'Check that the Chroma server runs and that its address is right.'],
  ChromaServerError: ['unreachable', 'See the log of the Chroma server.'],
  ChromaRateLimitError: ['unreachable', 'Ask Chroma for a higher limit, or index less at a time.'],
  ChromaQuotaExceededError: ['refused', 'Ask Chroma for a higher quota.'],
  ChromaAuthError: ['refused', 'Check the API key or the authorization header.'],
  ChromaUnauthorizedError: ['refused', 'Check the API key or the authorization header.'],
  ChromaForbiddenError: ['refused', 'Check what the API key may do, tenant and database.'],
  ChromaNotFoundError: [
    'missing',
    'Check tenant and database, and that this is a Chroma server of version 1 or later.',
  ],
  ChromaClientError: ['refused', 'Check tenant, database and the version of the Chroma server.'],
};

/** An IndexError passes unchanged; anything unknown counts as an answer that makes no sense. */
export function chromaFault(error: unknown, { address, secrets }: ChromaRequest): IndexError {
  if (error instanceof IndexError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const text = secrets
    .filter(({ length }) => length > 3)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), message);
  const [fault, hint] = FAULTS[name] ?? ['bad-answer', 'Check that this is a Chroma server of version 1 or later.'];
  const database = /Database \[(.*)\] does not exist/.exec(text)?.[1];
  if (database !== undefined) {
    return new IndexError('missing', `Chroma at ${address} has no database ${database}: make it there`, {
      hint: 'Make that database in Chroma, or correct its name. It is asked again by itself.',
    });
  }
  if (/embedding with dimension|dimensionality/i.test(text)) {
    return new IndexError('mismatch', `Chroma at ${address}: ${text.slice(-200)}`, {
      hint: 'Use another collection prefix.',
    });
  }
  const trouble =
    fault === 'unreachable' && name === 'ChromaConnectionError' ? 'cannot be reached' : text.slice(0, 300);
  return new IndexError(fault, `Chroma at ${address}: ${trouble}`, { hint });
}
