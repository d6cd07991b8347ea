/** Tells the audit what became of a server that a caller brought: who asked, who decided, and what it would run. */
import type { AuditFile } from '../observability/audit-file.ts';
import type { AdditionRecord } from './additions.ts';

export function auditAddition(
  audit: Pick<AuditFile, 'write'>,
  { principal, server, outcome, entry }: AdditionRecord,
): void {
  audit.write({
    time: new Date().toISOString(),
    event: 'addition',
    principal: principal.id,
    server,
    outcome,
    ...(entry === undefined ? {} : { entry }),
  });
}
