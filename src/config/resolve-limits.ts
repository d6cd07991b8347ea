/** The bounds of callers and of the HTTP door, with units converted. */
import type { DoorBounds, LimitsConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { parseRate } from './rates.ts';
import type { ConfigDocument } from './schema.ts';
import { duration, size } from './server-entry.ts';

export function resolveLimits({ limits = {} }: ConfigDocument): LimitsConfig {
  return {
    rate: limits.rate === undefined ? undefined : parseRate(limits.rate),
    concurrency: limits.concurrency,
    failedLogins: parseRate(limits.failed_logins ?? DEFAULTS.failedLogins),
  };
}

export function resolveBounds({ listen = {} }: ConfigDocument): DoorBounds {
  return {
    bodyBytesMax: size(listen.body_size ?? DEFAULTS.bodySize),
    requestTimeoutMs: duration(listen.request_timeout ?? DEFAULTS.requestTimeout),
    sessionTimeoutMs: duration(listen.session_timeout ?? DEFAULTS.sessionTimeout),
  };
}
