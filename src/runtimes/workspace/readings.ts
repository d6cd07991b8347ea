/** All that a server may make of one text when it takes it for a path: what is harmless as written may not be when decoded. */

/** More readings than honest texts have; whoever nests encodings deeper wants to be misread. */
const READINGS_MAX = 64;

const STEPS: readonly ((text: string) => string)[] = [
  decodePercent,
  (text) => text.replaceAll('\\', '/'),
  // Full-width dots and slashes are plain ones to a server that normalises names.
  (text) => text.normalize('NFKC'),
  (text) => text.trim(),
  withoutFileScheme,
];

/** The text itself and whatever decoding, normalising and trimming make of it in any order; undefined for too many. */
export function readingsOf(text: string): string[] | undefined {
  const found = new Set([text]);
  for (const reading of found) {
    for (const step of STEPS) found.add(step(reading));
    if (found.size > READINGS_MAX) return undefined;
  }
  return [...found];
}

/** Like lenient decoders: what is no escape stays, and the overlong forms of dot and slash are what they stand for. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text
    .replace(/%(?:c0%ae|e0%80%ae)/gi, '.')
    .replace(/%(?:c0%af|e0%80%af)/gi, '/')
    .replace(/%(?:c1%9c)/gi, '\\')
    .replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('latin1');
      }
    });
}

/** `file:`, alone or behind others as in `git+file:` and `jar:file:`. */
const FILE_SCHEME = /^\s*(?:[a-z][\w.-]*[+:])*file:/i;

export const isFileAddress = (text: string): boolean => FILE_SCHEME.test(text);

/** `file:///a`, `file:/a` and `file:a`; a host stays in front as of a network path. */
export function withoutFileScheme(text: string): string {
  const rest = text.replace(FILE_SCHEME, '');
  return rest === text ? text : rest.replace(/^\/\/(?:localhost)?(?=\/)/i, '');
}
