/** What opening a session needs to know, whatever the transport. */
import type { Clock } from '../stdx/clock.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { RootsFor } from './own-roots.ts';
import type { AskableClient, Era } from './upstream-session.ts';

/** Long enough for a server that is up; a slow one loses nothing, see `negotiate`. */
export const PROBE_TIMEOUT_MS = 1500;
/** HTTP owes every request an answer, so silence there means that the server is slow and not that it is old. */
export const HTTP_PROBE_TIMEOUT_MS = 6000;

export interface OpenOptions {
  /** The configured name, for messages. */
  readonly server: string;
  /** `{name, version}` of this gateway, as servers see it. */
  readonly clientInfo: JsonObject;
  /** From now until initialized. Milliseconds. */
  readonly startTimeoutMs: number;
  readonly eraHint?: Era;
  /** Who answers the server's requests; without one it is told that there is nobody to ask. */
  readonly client?: AskableClient;
  /** For a server with folders of its own: what it is told when it asks for roots. Without it the client is asked. */
  readonly rootsFor?: RootsFor;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}
