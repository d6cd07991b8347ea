/** `audit`, `metrics` and `log` to what the gateway opens: paths absolute, sizes in bytes. */
import { dirname } from 'node:path';
import type { Config } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import type { Expander } from './expander.ts';
import type { ObservabilityDocument } from './observability-schema.ts';
import { resolvePath } from './paths.ts';
import type { LoadOptions } from './resolve.ts';
import { parseSize } from './units.ts';

export function resolveObservability(
  { audit, metrics, log }: ObservabilityDocument,
  options: LoadOptions,
  expander: Expander,
): Pick<Config, 'audit' | 'metrics' | 'log'> {
  return {
    audit: audit && resolveAudit(audit, options, expander),
    metrics: metrics ?? DEFAULTS.metrics,
    log: { format: log?.format ?? DEFAULTS.logFormat, level: log?.level },
  };
}

type AuditDocument = NonNullable<ObservabilityDocument['audit']>;

function resolveAudit(audit: AuditDocument, { file, env }: LoadOptions, expander: Expander) {
  const folder = dirname(file);
  const path = expander.expand(audit.file, ['audit', 'file'], { env, folder, bareNames: false });
  const fileBytesMax = parseSize(audit.max_size ?? DEFAULTS.auditSize);
  return {
    file: resolvePath(path, folder, env),
    fileBytesMax: fileBytesMax.ok ? fileBytesMax.value : Number.POSITIVE_INFINITY,
    keep: audit.keep ?? DEFAULTS.auditKeep,
    params: audit.params ?? DEFAULTS.auditParams,
  };
}
