/** What a legacy client tells without asking. */
import type { JsonObject } from '../stdx/json.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { RelaySession } from './relay-session.ts';

/** What a client tells: that it has cancelled, or something for the instance of its own. */
export function notified(
  { method, params }: { readonly method: string; readonly params: JsonObject },
  session: RelaySession | undefined,
  inFlight: CallsInFlight,
): void {
  if (method === 'notifications/cancelled') inFlight.cancel(session?.id, params.requestId);
  else if (method !== 'notifications/initialized') session?.upstream?.notify(method, params);
}
