/** Work on a schema, measured as what of it is read: the same on every machine. */
import type { JsonObject } from '../../src/stdx/json.ts';

/** The same, and how often anything of it was read. */
export function countedReads(schema: JsonObject): { readonly schema: JsonObject; readonly reads: () => number } {
  let reads = 0;
  const watched = new WeakMap<object, object>();
  const watch = <Value>(value: Value): Value => {
    if (typeof value !== 'object' || value === null) return value;
    const known = watched.get(value) ?? new Proxy(value, handler);
    watched.set(value, known);
    return known as Value;
  };
  const handler: ProxyHandler<object> = {
    get(target, name) {
      reads++;
      return watch(Reflect.get(target, name) as unknown);
    },
    ownKeys(target) {
      const names = Reflect.ownKeys(target);
      reads += names.length;
      return names;
    },
  };
  return { schema: watch(schema), reads: () => reads };
}
