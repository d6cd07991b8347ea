/** Tells the audit what an admin changed: over `/api`, or by a command in the data folder. */
import type { AuditFile } from '../observability/audit-file.ts';
import { maskText } from '../observability/mask-secrets.ts';
import type { Principal } from './principal.ts';

export interface AdminRecord {
  readonly principal: Pick<Principal, 'id'>;
  readonly requestId?: string | undefined;
  /** Such as `POST /api/servers/git/stop` or `key revoke`. */
  readonly action: string;
  /** The server or key that it was about, where there is one and the action does not name it. */
  readonly target?: string | undefined;
  /** `ok` or the code of the error. */
  readonly outcome: string;
  /** Why it failed. */
  readonly reason?: string | undefined;
}

export function auditAdmin(audit: Pick<AuditFile, 'write'>, record: AdminRecord): void {
  const { principal, requestId, action, target, outcome, reason } = record;
  audit.write({
    time: new Date().toISOString(),
    event: 'admin',
    request: requestId,
    principal: principal.id,
    action,
    target,
    outcome,
    reason: reason === undefined ? undefined : maskText(reason),
  });
}
