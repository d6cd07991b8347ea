/** Whose instance a call gets: everybody's, its principal's, its client session's, or one for itself. */
import type { AskableClient } from '../bridge/upstream-session.ts';
import type { AcquireOptions } from './pool.ts';
import type { InstanceScope } from './server-plan.ts';

/** What the gateway does for itself, such as listing tools, it does as the user of this machine. */
const OWN_PRINCIPAL = 'local';

export interface SlotOwner {
  /** The same for all calls that share their instances. */
  readonly key: string;
  /** Undefined where everybody shares. */
  readonly principal: string | undefined;
  /** With a session, the instances end when that does. */
  readonly session?: string;
  readonly client?: AskableClient;
  /** For this one call: there is a client to ask, but no session to keep an instance for. */
  readonly isForOneCall?: boolean;
}

export function slotOwner(scope: InstanceScope, options: AcquireOptions): SlotOwner {
  if (scope === 'shared') return { key: 'shared', principal: undefined };
  const { principal = OWN_PRINCIPAL, session, client } = options;
  if (client && Object.keys(client.capabilities).length > 0) return clientOwner(principal, client, session);
  if (scope === 'session' && session !== undefined)
    return { key: keyOf('session', principal, session), principal, session };
  return { key: keyOf('principal', principal), principal };
}

function clientOwner(principal: string, client: AskableClient, session: string | undefined): SlotOwner {
  if (session === undefined) return { key: '', principal, client, isForOneCall: true };
  return { key: keyOf('client', principal, session), principal, session, client };
}

/** Ids of others may hold any character, so that only its length tells where one ends. */
const keyOf = (kind: string, principal: string, session = '') => `${kind} ${principal.length} ${principal} ${session}`;
