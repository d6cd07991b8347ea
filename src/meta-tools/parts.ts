/** What the three meta-tools work with, and how one of their calls reaches them. */
import type { ToolIndex } from '../../index/tool-index.ts';
import type { ByteListener } from '../bridge/upstream-session.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ServerDirectory } from '../catalog/server-directory.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { Pool } from '../lifecycle/pool.ts';
import type { Additions } from '../policy/additions.ts';
import type { Admission } from '../policy/admission.ts';
import type { PathGuard } from '../policy/path-guard.ts';
import type { Policy } from '../policy/policy.ts';
import type { Principal } from '../policy/principal.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { ApprovedTools } from './approved-tools.ts';
import type { ArgumentChecker } from './argument-check.ts';
import type { ResultStore } from './result-store.ts';

export interface MetaToolParts {
  readonly catalog: Catalog;
  readonly directory: ServerDirectory;
  readonly discovery: Discovery;
  readonly pool: Pool;
  readonly index: Pick<ToolIndex, 'search'>;
  readonly results: ResultStore;
  readonly checker: ArgumentChecker;
  readonly policy: Policy;
  readonly admission: Admission;
  readonly paths: PathGuard;
  readonly approved: ApprovedTools;
  /** What a search gets that does not ask for anything else. */
  readonly search: { readonly limit: number; readonly tokensMax: number };
  /** Of servers that callers bring; who may is for the policy to say. */
  readonly additions: Additions;
}

export interface CallContext {
  readonly principal: Principal;
  /** Of a call over HTTP: by it lines of log and audit are found together. */
  readonly requestId?: string | undefined;
  readonly signal: AbortSignal;
  /** Sends MCP progress to the caller; absent when it did not ask for any. */
  readonly onProgress?: (progress: JsonObject) => void;
  /** What the caller put into `_meta`; only trace context travels on. */
  readonly meta?: JsonObject;
}

/** Whose call it is that is passed on, as in `CallContext`, and who gets the result. */
export interface PassedBy {
  readonly principal: Principal;
  readonly requestId?: string | undefined;
  readonly onProgress?: ((progress: JsonObject) => void) | undefined;
  readonly meta?: JsonObject | undefined;
  readonly listener: ByteListener;
}

/** Ends a call that was passed on; its listener is told the reason. */
export type GiveUp = (reason: Error) => void;

export type MetaTool = (parts: MetaToolParts, given: JsonObject, context: CallContext) => Promise<JsonObject>;

export function textResult(text: string): JsonObject {
  return { content: [{ type: 'text', text }] };
}
