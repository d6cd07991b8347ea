/** What a legacy client tells without asking. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { RelaySession } from './relay-session.ts';

/** A message that wants no answer: a cancellation, something for the instance of its own, or the answer to a question. */
export function told(message: JsonObject, session: RelaySession | undefined, inFlight: CallsInFlight): void {
  const { method } = message;
  const params = isObject(message.params) ? (message.params as JsonObject) : {};
  if (typeof method !== 'string') session?.answered(message);
  else if (method === 'notifications/cancelled') inFlight.cancel(session?.id, params.requestId);
  else if (method !== 'notifications/initialized') session?.upstream?.notify(method, params);
}
