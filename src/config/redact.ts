/** Keeps secrets out of everything that is printed: whoever writes text for people passes it through here. */

/** Shorter values are left alone: replacing every `1` or `on` would garble texts and hide nothing. */
const SECRET_LENGTH_MIN = 4;

/** A function that replaces each of these values, also in their JSON and URL spellings, by `***`. */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    // Values from files often end in a line break, and what leaks is a line of them.
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      if (part.trim().length < SECRET_LENGTH_MIN) continue;
      for (const spelling of [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(toWellFormed(part))]) {
        spellings.add(spelling);
      }
    }
  }
  if (spellings.size === 0) return (text) => text;
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const pattern = new RegExp(longestFirst.join('|'), 'g');
  return (text) => text.replace(pattern, '***');
}

/** `encodeURIComponent` throws at half a surrogate pair. */
function toWellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
