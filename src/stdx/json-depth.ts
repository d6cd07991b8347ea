/** How deep JSON is nested: whoever walks it by calling himself survives so much and no more. */

/** No message of the protocol comes near it. */
export const DEPTH_MAX = 200;

/** Whether anything stands in `DEPTH_MAX` lists and objects, or in more. */
export const isTooDeep = (value: unknown) => isAsDeepAs(value, DEPTH_MAX);

/** Whether anything stands in so many lists and objects, at most some thousand. */
export function isAsDeepAs(value: unknown, levels: number): boolean {
  if (levels === 0) return true;
  if (typeof value !== 'object' || value === null) return false;
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) if (isAsDeepAs(part, levels - 1)) return true;
  return false;
}
