/** How a tool reads to a general text-embedding model: one line, what matters most first, since models cut the end off. */
import type { ToolDocument } from '../tool-document.ts';

/** Part of every model identity: another form gives other vectors. */
export const DOCUMENT_TEXT_FORM = 'text1';

const SERVER_DESCRIPTION_LENGTH = 300;

/** At most `length` characters, and never empty. The order and the separator are those our own models are trained with. */
export function documentText(document: ToolDocument, length: number): string {
  const parts = [
    document.name,
    document.description,
    document.parameters.map(({ name }) => name).join(' '),
    document.server,
    document.serverDescription.slice(0, SERVER_DESCRIPTION_LENGTH),
  ];
  const text = parts.filter((part) => part.trim() !== '').join(' . ');
  return plainText(text || 'tool', length);
}

/** White space squeezed, halves of broken surrogate pairs replaced (servers answer 400 to those), cut at `length`. */
export function plainText(text: string, length: number): string {
  const squeezed = text
    .slice(0, length * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return wellFormed(squeezed.slice(0, length)) || '?';
}

export const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\uFFFD');
