/** Durations and sizes as people write them: always with a unit, so that nobody has to guess one. */

/** For editors; the same language as `parseDuration` takes. */
export const DURATION_PATTERN = '^([0-9]+([.][0-9]+)?(ms|s|m|h|d))+$';
const DURATION = new RegExp(DURATION_PATTERN);
/** For editors; the same language as `parseSize` takes. */
export const SIZE_PATTERN = '^[0-9]+([.][0-9]+)?(B|kB|KB|MB|GB|KiB|MiB|GiB)$';

const DURATION_UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Longest delay that a timer of Node can wait; a longer one would fire at once. */
const DURATION_MS_MAX = 2 ** 31 - 1;

const SIZE_UNITS_BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
} as const;

/** What the text means, or a sentence on what is wrong with it. */
export type Measure = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string };

/** `500ms`, `30s`, `5m`, `1h30m`, `2d` to milliseconds: more than nothing, at most 24 days. */
export function parseDuration(text: string): Measure {
  if (!DURATION.test(text)) return bad(`"${text}" is not a duration${durationRemedy(text)}`);
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * DURATION_UNITS_MS[unit as keyof typeof DURATION_UNITS_MS];
  }
  const ms = Math.round(total);
  if (ms < 1) return bad(`"${text}" is no time at all — write at least "1ms"`);
  if (ms > DURATION_MS_MAX) return bad(`"${text}" is too long — write at most "24d"`);
  return { ok: true, value: ms };
}

/** `64KiB`, `512MiB`, `1GB` to bytes: at least one. */
export function parseSize(text: string): Measure {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|KiB|MiB|GiB)$/.exec(text) ?? [];
  if (amount === undefined) return bad(`"${text}" is not a size${sizeRemedy(text)}`);
  const bytes = Math.round(Number(amount) * SIZE_UNITS_BYTES[unit as keyof typeof SIZE_UNITS_BYTES]);
  return bytes < 1 ? bad(`"${text}" is no size at all — write at least "1B"`) : { ok: true, value: bytes };
}

/** Also for a YAML number, which never has a unit. */
export function durationRemedy(given: string | number): string {
  return Number.isFinite(Number(given)) && String(given).trim() !== ''
    ? ` — it needs a unit: "${given}s" or "${given}ms"`
    : ' — write it like "500ms", "30s", "5m" or "1h30m"';
}

/** Also for a YAML number, which never has a unit. */
export function sizeRemedy(given: string | number): string {
  if (Number.isFinite(Number(given)) && String(given).trim() !== '') {
    return ` — it needs a unit: "${given}MiB" or "${given}B"`;
  }
  const docker = /^(\d+(?:\.\d+)?) ?([kmg])(?:i?b)?$/i.exec(String(given));
  if (docker) return ` — write "${docker[1]}${docker[2]?.toUpperCase()}iB"`;
  return ' — write it like "64KiB", "512MiB" or "1GB"';
}

function bad(problem: string): Measure {
  return { ok: false, problem };
}
