/** What a server wrote for a terminal, as a line that does no harm in an error or a log. */
import { stripVTControlCharacters } from 'node:util';

const LENGTH_MAX = 500;

/** Without colours and control characters. Cc is control, Cf is invisible formatting (bidi overrides and zero-width characters among them). */
export function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll('\t', '  ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trimEnd();
}

/** At most 500 characters, and a sign that there were more. */
export function cut(line: string): string {
  return line.length > LENGTH_MAX ? `${line.slice(0, LENGTH_MAX)}…` : line;
}
