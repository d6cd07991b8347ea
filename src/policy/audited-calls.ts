/** Tells the audit of each call: who called what through which door, how it ended, and how long it took. */
import type { AuditFile } from '../observability/audit-file.ts';
import { hidesNothing, maskText, secretMasker } from '../observability/mask-secrets.ts';
import { quote } from '../stdx/quote.ts';
import { type Admission, type Admitted, type AskedCall, type CallOutcome, outcomeOf } from './admission.ts';
import type { Principal } from './principal.ts';

/** Stands first among the parts of an admission, so that it hears of refusals by all others. */
export function createAuditedCalls(audit: CallAudit, { params }: { params: boolean }): Admission {
  const lines = new CallLines();
  const masked = secretMasker();
  return {
    // Now, for whoever makes the call may change its arguments later.
    admit: (call) => new AuditedCall({ audit, lines }, call, params ? paramsOf(call, masked) : NO_PARAMS),
  };
}

type CallAudit = Pick<AuditFile, 'writeLine' | 'writeAscii'>;

interface Params {
  /** The member of a line, with a comma before it. */
  readonly json: string;
  readonly isAscii: boolean;
}

const NO_PARAMS: Params = { json: '', isAscii: true };

function paramsOf(call: AskedCall, masked: (value: unknown) => string): Params {
  const { paramsJson } = call;
  const isAscii = paramsJson !== undefined && hidesNothing(paramsJson);
  return { json: `,"params":${isAscii ? paramsJson : masked(call.params)}`, isAscii };
}

interface Writing {
  readonly audit: CallAudit;
  readonly lines: CallLines;
}

class AuditedCall implements Admitted {
  readonly #writing: Writing;
  readonly #call: AskedCall;
  readonly #params: Params;

  constructor(writing: Writing, call: AskedCall, params: Params) {
    this.#writing = writing;
    this.#call = call;
    this.#params = params;
  }

  finish(outcome: CallOutcome): void {
    const { audit, lines } = this.#writing;
    const { json, isAscii } = this.#params;
    const subject = lines.subject(this.#call);
    const line = lines.of(this.#call, subject.json, outcome) + json;
    if (isAscii && subject.isAscii) audit.writeAscii(`${line}}`);
    else audit.writeLine(`${line}}`);
  }
}

/** Puts lines together from what is JSON already: an object for each call would cost as much as the rest of the audit. */
class CallLines {
  readonly #subjects = new Map<string, Subject>();
  #nowMs = Number.NaN;
  #beginning = '';

  /** Without arguments, and without an end. */
  of({ requestId }: AskedCall, subject: string, outcome: CallOutcome): string {
    const request = requestId === undefined ? '' : `"request":"${requestId}",`;
    const [duration, upstream] = [Math.round(outcome.durationMs), Math.round(outcome.upstreamMs)];
    const how = `"outcome":"${outcomeOf(outcome)}","duration_ms":${duration},"upstream_ms":${upstream}`;
    return this.#begin() + request + subject + how;
  }

  /** Who called what, as it was written the last time that the tool was called. */
  subject({ principal: { id }, door, server, tool }: AskedCall): Subject {
    const known = this.#subjects.get(tool);
    if (known && known.id === id && known.server === server && known.door === door) return known;
    const json = `"principal":${quote(id)},"door":"${door}","server":${quote(server)},"tool":${quote(tool)},`;
    if (this.#subjects.size >= SUBJECTS_MAX) this.#subjects.clear();
    const subject = { id, door, server, json, isAscii: ASCII.test(json) };
    this.#subjects.set(tool, subject);
    return subject;
  }

  /** Written once for all calls of a millisecond. */
  #begin(): string {
    const nowMs = Date.now();
    if (nowMs !== this.#nowMs) this.#beginning = `{"time":"${new Date(nowMs).toISOString()}","event":"call",`;
    this.#nowMs = nowMs;
    return this.#beginning;
  }
}

/** Names of tools come from callers. */
const SUBJECTS_MAX = 1_000;

const ASCII = /^[ -~]*$/;

interface Subject extends Pick<AskedCall, 'door' | 'server'> {
  readonly id: string;
  readonly json: string;
  readonly isAscii: boolean;
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
