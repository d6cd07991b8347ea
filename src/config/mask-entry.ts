/** A server's entry as it may be shown: whole, for somebody decides by it what may run here, but for its secrets. */
import { isObject } from '../stdx/json.ts';
import { referenceSecrets } from './secret-values.ts';

/** A copy with `***` for secrets. What could be a command in the place of a secret stays to be read. */
export function maskEntry(server: string, entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  return masked(entry, referenceSecrets(server, entry).entry, '');
}

/** `referenced` is the same with references in the place of secrets. */
function masked(given: unknown, referenced: unknown, key: string): unknown {
  if (typeof given === 'string')
    return given === referenced ? withoutPassword(given) : maskText(given, referenced, key);
  if (Array.isArray(given)) {
    const other = Array.isArray(referenced) ? referenced : [];
    return given.map((item, at) => masked(item, other[at], key));
  }
  if (!isObject(given)) return given;
  const other = isObject(referenced) ? referenced : {};
  return Object.fromEntries(
    Object.entries(given).map(([name, item]) => [name, masked(item, other[name], RUNS.has(name) ? name : key)]),
  );
}

/** Keys whose texts a program or shell is given as its words. */
const RUNS: ReadonlySet<string> = new Set(['command', 'args']);
const TOKEN = /^[\w.~+/=:%?&-]+$/;

function maskText(given: string, referenced: unknown, key: string): string {
  if (RUNS.has(key) && !TOKEN.test(given)) return given;
  return typeof referenced === 'string' ? withoutPassword(referenced.replace(/\$\{env:\w+\}/g, '***')) : '***';
}

const withoutPassword = (text: string) => text.replace(/(?<=:\/\/[^\s:/@]{0,64}:)[^\s:/@]{1,256}(?=@)/g, '***');
