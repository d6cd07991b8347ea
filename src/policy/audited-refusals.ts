/** Tells the audit of requests that were turned away at the door, so few of them that a flood cannot push calls out of the files. */
import type { AuditFile } from '../observability/audit-file.ts';
import { auditDecision } from './audited-calls.ts';
import { createRateLimiter } from './rate-limiter.ts';

export type RefusalReason = 'name' | 'no_credentials' | 'wrong_credentials' | 'too_many' | 'unverifiable';

/** A request that no principal could be found for, or that came under a wrong name. */
export interface RefusedRequest {
  readonly reason: RefusalReason;
  /** As the client was told. */
  readonly message: string;
  /** Of the client, as far as it is known. */
  readonly address: string;
  readonly requestId?: string | undefined;
}

export interface AuditedRefusals {
  note(refused: RefusedRequest): void;
  /** Writes how many were left out since the last line, if any. */
  close(): void;
}

const OF_ADDRESS = { count: 10, perMs: 60_000 };
/** Lines of all addresses together: about 25 MB in a day, whoever knocks. */
const OF_ALL = { count: 60, perMs: 60_000 };
const ALL = 'all';

const OUTCOME: Readonly<Record<RefusalReason, string>> = {
  name: 'NOT_ALLOWED',
  no_credentials: 'UNAUTHENTICATED',
  wrong_credentials: 'UNAUTHENTICATED',
  too_many: 'RATE_LIMITED',
  unverifiable: 'UNAUTHENTICATED',
};

/** `now` in milliseconds. What is left out is counted, and told as `skipped` by the next line or at the end. */
export function createAuditedRefusals(audit: Pick<AuditFile, 'write'>, now: () => number): AuditedRefusals {
  const limiter = createRateLimiter(now);
  let skipped = 0;
  return {
    note({ reason, message, address, requestId }) {
      const key = `address ${address}`;
      if (limiter.waitMs(ALL, OF_ALL) > 0 || limiter.waitMs(key, OF_ADDRESS) > 0) {
        skipped += 1;
        return;
      }
      limiter.take(ALL, OF_ALL);
      limiter.take(key, OF_ADDRESS);
      auditDecision(audit, {
        principal: NOBODY,
        door: 'http',
        outcome: OUTCOME[reason],
        reason: message,
        address,
        requestId,
        skipped,
      });
      skipped = 0;
    },
    close() {
      if (skipped > 0) auditDecision(audit, { principal: NOBODY, door: 'http', outcome: 'UNAUTHENTICATED', skipped });
      skipped = 0;
    },
  };
}

const NOBODY = { id: 'nobody' };
