/** Tells the audit of each call: who called what through which door, how it ended, and how long it took. */
import type { AuditEntry, AuditFile } from '../observability/audit-file.ts';
import { maskSecrets } from '../observability/mask-secrets.ts';
import type { Json } from '../stdx/json.ts';
import type { Admission, AskedCall, CallOutcome } from './admission.ts';
import type { Principal } from './principal.ts';

/** Stands first among the parts of an admission, so that it hears of refusals by all others. */
export function createAuditedCalls(audit: AuditFile, { params }: { params: boolean }): Admission {
  return {
    admit(call) {
      // Now, for whoever makes the call may change its arguments later.
      const given = params ? maskSecrets(call.params) : undefined;
      return { finish: (outcome) => audit.write(lineOf(call, outcome, given)) };
    },
  };
}

function lineOf(call: AskedCall, outcome: CallOutcome, params: Json | undefined): AuditEntry {
  const { principal, requestId, door, server, tool } = call;
  const { error, isToolError, durationMs, upstreamMs } = outcome;
  return {
    time: new Date().toISOString(),
    event: 'call',
    request: requestId,
    principal: principal.id,
    door,
    server,
    tool,
    outcome: error?.code ?? (isToolError ? 'tool_error' : 'ok'),
    duration_ms: Math.round(durationMs),
    upstream_ms: Math.round(upstreamMs),
    params,
  };
}

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
  audit.write({
    time: new Date().toISOString(),
    event: 'decision',
    request: requestId,
    principal: principal.id,
    door,
    outcome,
    reason: reason === undefined ? undefined : String(maskSecrets(reason)),
    address,
    skipped: skipped === 0 ? undefined : skipped,
  });
}
