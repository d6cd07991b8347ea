/** Tells the audit of each call: who called what through which door, how it ended, and how long it took. */
import type { AuditFile } from '../observability/audit-file.ts';
import { hidesNothing, maskText, secretMasker } from '../observability/mask-secrets.ts';
import { quote } from '../stdx/quote.ts';
import { type Admission, type Admitted, type AskedCall, type CallOutcome, outcomeOf } from './admission.ts';
import type { Principal } from './principal.ts';

/** Stands first among the parts of an admission, so that it hears of refusals by all others. */
export function createAuditedCalls(audit: Pick<AuditFile, 'writeLine'>, { params }: { params: boolean }): Admission {
  const lines = new CallLines();
  const masked = secretMasker();
  return {
    // Now, for whoever makes the call may change its arguments later.
    admit: (call) => new AuditedCall({ audit, lines }, call, params ? paramsOf(call, masked) : undefined),
  };
}

function paramsOf(call: AskedCall, masked: (value: unknown) => string): string {
  const { paramsJson } = call;
  return paramsJson !== undefined && hidesNothing(paramsJson) ? paramsJson : masked(call.params);
}

interface Writing {
  readonly audit: Pick<AuditFile, 'writeLine'>;
  readonly lines: CallLines;
}

class AuditedCall implements Admitted {
  readonly #writing: Writing;
  readonly #call: AskedCall;
  readonly #params: string | undefined;

  constructor(writing: Writing, call: AskedCall, params: string | undefined) {
    this.#writing = writing;
    this.#call = call;
    this.#params = params;
  }

  finish(outcome: CallOutcome): void {
    const { audit, lines } = this.#writing;
    audit.writeLine(lines.of(this.#call, outcome, this.#params));
  }
}

/** Puts lines together from what is JSON already: an object for each call would cost as much as the rest of the audit. */
class CallLines {
  readonly #subjects = new Map<string, Subject>();
  #nowMs = Number.NaN;
  #time = '';

  of(call: AskedCall, outcome: CallOutcome, params: string | undefined): string {
    const { requestId } = call;
    const request = requestId === undefined ? '' : `"request":${quote(requestId)},`;
    const [duration, upstream] = [Math.round(outcome.durationMs), Math.round(outcome.upstreamMs)];
    const how = `"outcome":"${outcomeOf(outcome)}","duration_ms":${duration},"upstream_ms":${upstream}`;
    const given = params === undefined ? '}' : `,"params":${params}}`;
    return `{"time":"${this.#now()}","event":"call",${request}${this.#subject(call)},${how}${given}`;
  }

  /** Who called what, as it was written the last time that the tool was called. */
  #subject({ principal: { id }, door, server, tool }: AskedCall): string {
    const known = this.#subjects.get(tool);
    if (known && known.id === id && known.server === server && known.door === door) return known.json;
    const json = `"principal":${quote(id)},"door":"${door}","server":${quote(server)},"tool":${quote(tool)}`;
    if (this.#subjects.size >= SUBJECTS_MAX) this.#subjects.clear();
    this.#subjects.set(tool, { id, door, server, json });
    return json;
  }

  /** Written once for all calls of a millisecond. */
  #now(): string {
    const nowMs = Date.now();
    if (nowMs !== this.#nowMs) this.#time = new Date(nowMs).toISOString();
    this.#nowMs = nowMs;
    return this.#time;
  }
}

/** Names of tools come from callers. */
const SUBJECTS_MAX = 1_000;

interface Subject extends Pick<AskedCall, 'door' | 'server'> {
  readonly id: string;
  readonly json: string;
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

export function auditDecision(audit: Pick<AuditFile, 'write'>, decision: Decision): void {
  const { principal, requestId, door, outcome, reason, address, skipped = 0 } = decision;
  audit.write({
    time: new Date().toISOString(),
    event: 'decision',
    request: requestId,
    principal: principal.id,
    door,
    outcome,
    reason: reason === undefined ? undefined : maskText(reason),
    address,
    skipped: skipped === 0 ? undefined : skipped,
  });
}
