/** What a call passes that hands a server paths: the port, so that the doors need not know of folders and links. */
import type { JsonObject } from '../stdx/json.ts';
import type { Principal } from './principal.ts';

export interface GuardedCall {
  readonly principal: Principal;
  readonly server: string;
  /** The tool's name, or the method of any other request. */
  readonly tool: string;
  readonly params: JsonObject;
  /** How the tool describes itself, as far as it is known: it says which of its arguments are paths. Asked for only if it matters. */
  readonly definition: () => { readonly description?: string; readonly inputSchema: JsonObject } | undefined;
}

export interface PathGuard {
  /** Whether `confine` has anything to look at in calls to this server. */
  confines(server: string, principal: Principal): boolean;
  /**
   * Rejects with NOT_ALLOWED, naming argument and path, for one that leads out of the server's workspace. Changes nothing.
   * Undefined, at once, for a server without a workspace.
   */
  confine(call: GuardedCall): Promise<void> | undefined;
}
