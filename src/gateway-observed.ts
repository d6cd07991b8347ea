/** The part of the composition root that opens audit and metrics, where the configuration wants them, and feeds them. */
import type { NoteSearch } from '../index/lazy-tool-index.ts';
import type { SearchAnswer } from '../index/tool-index.ts';
import type { Config } from './config/config.ts';
import type { InstanceState } from './lifecycle/pool.ts';
import type { CallRecord } from './meta-tools/register.ts';
import type { AuditFile } from './observability/audit-file.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import { createSearchLog } from './observability/search-log.ts';
import type { AdditionRecord } from './policy/additions.ts';
import type { Admission } from './policy/admission.ts';
import type { AdminRecord } from './policy/audited-admin.ts';
import type { AuditedRefusals, RefusedRequest } from './policy/audited-refusals.ts';

/** What happens in the gateway, for whoever writes it down; without audit and metrics nobody does. */
export interface Observed {
  /** To stand first in the gateway's admission. */
  readonly admissions: readonly Admission[];
  /** Undefined where they are switched off. */
  readonly metrics: Metrics | undefined;
  noteCall(record: CallRecord): void;
  noteChange(change: { readonly server: string; readonly from: InstanceState; readonly to: InstanceState }): void;
  noteReaped(processes: number): void;
  /** Why running servers cannot be noted on disk; undefined when they can be again. */
  noteLedger(problem: string | undefined): void;
  /** The HTTP door turned a request away. */
  readonly noteRefused: (refused: RefusedRequest) => void;
  /** A changed file was put into use, or could not be. */
  noteConfig(outcome: 'applied' | 'refused'): void;
  /** A server that a caller brought, and what became of it. */
  noteAddition(record: AdditionRecord): void;
  /** An admin changed something, or could not. */
  noteAdmin(record: AdminRecord): void;
  noteSearch: NoteSearch;
  /** How the last search was answered; undefined before the first. */
  lastSearch(): Pick<SearchAnswer, 'mode' | 'degraded' | 'progress' | 'spared'> | undefined;
  /** Why audit lines are being lost; undefined when they are not. */
  auditProblem(): string | undefined;
  /** Why running servers are not noted; undefined when they are. */
  ledgerProblem(): string | undefined;
  close(): Promise<void>;
}

export interface ObservedOptions {
  readonly config: Pick<Config, 'audit' | 'metrics' | 'redact'>;
  readonly log: Log;
  readonly version: string;
}

/** Loads nothing that is switched off. */
export async function openObserved({ config, log, version }: ObservedOptions): Promise<Observed> {
  const audit = await openAudit(config, log);
  const metrics = await openMetrics(config, version);
  const tokens = metrics && (await import('./meta-tools/tokens.ts')).estimateTokens;
  const logSearch = createSearchLog(log);
  let lastSearch: SearchAnswer | undefined;
  let ledgerProblem: string | undefined;
  return {
    admissions: [...(audit ? [audit.calls] : []), ...(metrics ? [metrics.calls] : [])],
    metrics: metrics?.metrics,
    noteCall: (record) => {
      audit?.decide(record);
      const { tool, durationMs, error } = record;
      metrics?.metrics.answer({ tool, durationMs, errorCode: error?.code, tokens: tokens?.(record.text()) ?? 0 });
    },
    noteChange: ({ server, from, to }) => metrics?.metrics.instance(server, from.kind, to.kind),
    noteConfig: (outcome) => metrics?.metrics.config(outcome),
    noteReaped: (processes) => metrics?.metrics.reaped(processes),
    noteLedger: (problem) => {
      ledgerProblem = problem;
    },
    ledgerProblem: () => ledgerProblem,
    noteRefused: (refused) => {
      audit?.refusals.note(refused);
      metrics?.metrics.refused(refused.reason);
    },
    noteAddition: (record) => {
      audit?.add(record);
      metrics?.metrics.addition(record.outcome, record.waiting);
    },
    noteAdmin: (record) => audit?.administer(record),
    noteSearch: (answer, times) => {
      lastSearch = answer;
      const { mode, verdict, degraded } = answer;
      metrics?.metrics.search({ mode, verdict, isDegraded: degraded !== undefined, ...times });
      logSearch(answer);
    },
    lastSearch: () => lastSearch,
    auditProblem: () => audit?.file.problem(),
    close: async () => {
      audit?.refusals.close();
      await audit?.file.close();
    },
  };
}

interface OpenAudit {
  readonly file: AuditFile;
  readonly calls: Admission;
  readonly refusals: AuditedRefusals;
  decide(record: CallRecord): void;
  add(record: AdditionRecord): void;
  administer(record: AdminRecord): void;
}

async function openAudit({ audit, redact }: ObservedOptions['config'], log: Log): Promise<OpenAudit | undefined> {
  if (!audit) return undefined;
  const [
    { createAuditFile },
    { auditDecision, createAuditedCalls },
    { createAuditedRefusals },
    { auditAddition },
    { auditAdmin },
  ] = await Promise.all([
    import('./observability/audit-file.ts'),
    import('./policy/audited-calls.ts'),
    import('./policy/audited-refusals.ts'),
    import('./policy/audited-additions.ts'),
    import('./policy/audited-admin.ts'),
  ]);
  const file = createAuditFile({ ...audit, log, redact });
  const decide = ({ principal, requestId, tool: door, error }: CallRecord) => {
    if (door !== 'add_mcp_server' && !REFUSALS.has(error?.code ?? '')) return;
    const why = error ? { reason: error.message } : {};
    auditDecision(file, { principal, requestId, door, outcome: error?.code ?? 'ok', ...why });
  };
  const refusals = createAuditedRefusals(file, () => performance.now());
  return {
    file,
    calls: createAuditedCalls(file, audit),
    refusals,
    decide,
    add: (record) => auditAddition(file, record),
    administer: (record) => auditAdmin(file, record),
  };
}

/** For a command that changes something without opening a gateway. Resolves when the line is written, or the log says why not. */
export async function auditOnce({ config, log }: Pick<ObservedOptions, 'config' | 'log'>, record: AdminRecord) {
  const audit = await openAudit(config, log);
  audit?.administer(record);
  await audit?.file.close();
}

/** What is refused before there is a call that could be admitted. */
const REFUSALS: ReadonlySet<string> = new Set(['SERVER_UNKNOWN', 'TOOL_UNKNOWN', 'LOGIN_REQUIRED']);

async function openMetrics({ metrics: wanted }: ObservedOptions['config'], version: string) {
  if (!wanted) return undefined;
  const [{ createMetrics }, { createMeasuredCalls }] = await Promise.all([
    import('./observability/metrics.ts'),
    import('./policy/measured-calls.ts'),
  ]);
  const metrics = createMetrics(version);
  return { metrics, calls: createMeasuredCalls(metrics) };
}
