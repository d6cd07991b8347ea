/** How often something may happen, as people write it: `60/min`. */
import type { Rate } from './config.ts';

/** For editors; the same language as `parseRate` takes. */
export const RATE_PATTERN = '^[1-9][0-9]{0,8}/(s|min|h|day)$';
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000, day: 86_400_000 };

/** Of a text that the schema has let through. */
export function parseRate(text: string): Rate {
  const [count, unit = ''] = text.split('/');
  return { count: Number(count), perMs: UNITS_MS[unit] ?? 0 };
}
