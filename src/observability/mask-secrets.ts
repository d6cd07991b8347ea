/** Arguments as they may be written down: what is named like a secret masked, what is long cut. */
import { isObject, type Json, type JsonObject } from '../stdx/json.ts';

/** Parts of names, as people write them: `api_key`, `apiKey`, `X-Api-Key`. */
const SECRET_NAME =
  /pass(word|wd|phrase|code)?$|passw|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth(orization)?$|cookie|session[-_]?id|^pin$|^otp$/i;
/** Well-known shapes of keys in values, wherever they stand: JWT, bearer, and the prefixes of large providers. */
const SECRET_VALUE =
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\b(?:sk|pk|rk|ghp|gho|ghs|ghr|github_pat|glpat|xox[abprs]|AKIA|AIza|tdx)[-_]?[\w-]{16,}|\bBearer\s+[\w.~+/-]{8,}=*|(?<=:\/\/[^\s:/@]{0,64}:)[^\s:/@]{1,256}(?=@)|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

const TEXT_MAX = 500;
const ITEMS_MAX = 50;
const DEPTH_MAX = 8;

/** A copy; at most some kilobytes for each text and list in it. */
export function maskSecrets(value: unknown, depth = 0): Json {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return (value ?? null) as Json;
  if (depth >= DEPTH_MAX) return '…';
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS_MAX).map((item) => maskSecrets(item, depth + 1));
    return value.length > ITEMS_MAX ? [...items, `… ${value.length - ITEMS_MAX} more`] : items;
  }
  return isObject(value) ? maskObject(value, depth) : null;
}

function maskObject(value: Record<string, unknown>, depth: number): JsonObject {
  const entries = Object.entries(value);
  const masked: [string, Json][] = entries
    .slice(0, ITEMS_MAX)
    .map(([name, item]) => [
      name.slice(0, 100),
      SECRET_NAME.test(name) && item !== null ? '***' : maskSecrets(item, depth + 1),
    ]);
  if (entries.length > ITEMS_MAX) masked.push(['…', `${entries.length - ITEMS_MAX} more`]);
  return Object.fromEntries(masked);
}

/** Cut first, so that no text costs more than its beginning; a secret at the cut is masked to the end. */
function maskText(text: string): string {
  const beginning = text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
  const masked = beginning.replace(SECRET_VALUE, '***');
  return text.length > TEXT_MAX ? `${masked}… ${text.length} characters` : masked;
}
