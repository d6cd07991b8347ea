/** How deep JSON is nested: whoever walks it by calling himself survives so much and no more. */

/** No message of the protocol comes near it. */
export const DEPTH_MAX = 200;

/** Whether anything stands in `DEPTH_MAX` lists and objects, or in more. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return level.length > 0;
}
