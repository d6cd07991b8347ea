/** How many instances a server has for the same callers: the server's own keys, or else the file's, or else ours. */
import { DEFAULTS } from './defaults.ts';
import type { ConfigDocument, ServerDocument } from './schema.ts';

export interface PoolSize {
  readonly min: number;
  readonly max: number;
}

export function resolvePool(server: ServerDocument, defaults: NonNullable<ConfigDocument['defaults']>): PoolSize {
  const min = server.pool?.min ?? defaults.pool?.min ?? DEFAULTS.poolMin;
  const max = server.pool?.max ?? defaults.pool?.max ?? 1;
  return { min, max: Math.max(1, min, max) };
}
