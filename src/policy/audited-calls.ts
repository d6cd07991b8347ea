/** Tells the audit of each call: who called what through which door, how it ended, and how long it took. */
import type { AuditFile } from '../observability/audit-file.ts';
import { maskSecrets } from '../observability/mask-secrets.ts';
import type { JsonObject } from '../stdx/json.ts';
import type { Admission, AskedCall, CallOutcome } from './admission.ts';
import type { Principal } from './principal.ts';

/** Stands first among the parts of an admission, so that it hears of refusals by all others. */
export function createAuditedCalls(audit: AuditFile, { params }: { params: boolean }): Admission {
  return {
    admit(call) {
      // Now, for whoever makes the call may change its arguments later.
      const given: JsonObject = params ? { params: maskSecrets(call.params) } : {};
      return { finish: (outcome) => audit.write({ ...lineOf(call, outcome), ...given }) };
    },
  };
}

function lineOf({ principal, requestId, door, server, tool }: AskedCall, outcome: CallOutcome): JsonObject {
  const { error, isToolError, durationMs, upstreamMs } = outcome;
  return {
    time: new Date().toISOString(),
    event: 'call',
    ...nameOf(requestId),
    principal: principal.id,
    door,
    server,
    tool,
    outcome: error?.code ?? (isToolError ? 'tool_error' : 'ok'),
    duration_ms: Math.round(durationMs),
    upstream_ms: Math.round(upstreamMs),
  };
}

/** Of requests over HTTP. */
const nameOf = (requestId: string | undefined): JsonObject => (requestId === undefined ? {} : { request: requestId });

/** A question that the gateway itself decided, without any server being called. */
export interface Decision {
  readonly principal: Pick<Principal, 'id'>;
  readonly door: string;
  /** `ok` or the code of the refusal. */
  readonly outcome: string;
  readonly reason?: string;
  readonly requestId?: string | undefined;
  /** Of a client that is not known otherwise. */
  readonly address?: string;
  /** Decisions of this kind before it that have no line. */
  readonly skipped?: number;
}

export function auditDecision(audit: AuditFile, decision: Decision): void {
  const { principal, requestId, door, outcome, reason, address, skipped = 0 } = decision;
  const why: JsonObject = reason === undefined ? {} : { reason: String(maskSecrets(reason)) };
  audit.write({
    time: new Date().toISOString(),
    event: 'decision',
    ...nameOf(requestId),
    principal: principal.id,
    door,
    outcome,
    ...why,
    ...(address === undefined ? {} : { address }),
    ...(skipped === 0 ? {} : { skipped }),
  });
}
