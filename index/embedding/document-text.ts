/** How a tool reads to a text-embedding model. `model/train/tool_text.py` makes the same text when our own models are trained. */
import type { ToolDocument } from '../tool-document.ts';

/** Part of every model identity: another form gives other vectors. */
export const DOCUMENT_TEXT_FORM = 'tool1';

const DESCRIPTION_WORDS = 80;
const PARAMETERS = 16;
const SERVER_WORDS = 24;

/** Name, server, description, parameters, server description; what matters most stands first, since models cut the end off. */
export function documentText(document: ToolDocument): string {
  const { name, server, description, parameters, serverDescription } = document;
  const parts = [
    identifierWords(name),
    separated(server),
    firstWords(description, DESCRIPTION_WORDS),
    parameters
      .slice(0, PARAMETERS)
      .map((parameter) => identifierWords(parameter.name))
      .join(', '),
    firstWords(serverDescription, SERVER_WORDS),
  ];
  return parts.filter((part) => part !== '').join(' . ');
}

/** White space squeezed, halves of surrogate pairs replaced (servers refuse them), at most `length` characters. */
export function plainText(text: string, length: number): string {
  const squeezed = text
    .slice(0, length * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return wellFormed(squeezed.slice(0, length));
}

export const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\uFFFD');

/** `getHTTPPage_v2` gives `get HTTP Page v2`. */
const identifierWords = (identifier: string) =>
  separated(identifier.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2'));

/** Only separators are opened: a server called `GitHub` stays one word. */
const separated = (text: string) => text.replace(/[_\-./:\s]+/g, ' ').trim();

const firstWords = (text: string, limit: number) =>
  text
    .split(/\s+/, limit + 1)
    .filter((word) => word !== '')
    .slice(0, limit)
    .join(' ');
