/** Whether a server's tool exists for Tooldex at all. */
import type { ToolFilter } from './tools-config.ts';

/** `deny` wins over `allow`; patterns are whole names with `*` for any text and `?` for one character. */
export function isToolThere({ allow, deny }: ToolFilter, tool: string): boolean {
  if (deny.some((pattern) => matchesGlob(tool, pattern))) return false;
  return allow === undefined || allow.some((pattern) => matchesGlob(tool, pattern));
}

/** Never exponential, however many stars: on a mismatch only the last star is tried longer. */
export function matchesGlob(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const symbol = pattern[next];
    if (symbol === '*') {
      star = next++;
      resume = at;
    } else if (symbol === '?' || symbol === text[at]) {
      at++;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}
