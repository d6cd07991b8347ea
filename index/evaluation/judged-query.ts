/** Requests with the tools that answer them, and how they and catalogs are read from JSON lines. */
import { isObject } from '../../src/stdx/json.ts';
import { type ToolDocument, toolDocument } from '../tool-document.ts';

export interface JudgedQuery {
  readonly id: string;
  readonly query: string;
  /** One list of interchangeable tools for each thing that is needed; empty when no tool fits. */
  readonly groups: readonly (readonly string[])[];
  readonly split: string;
}

/** One tool a line: `{"id","server","serverDescription","tool","description","inputSchema"}`. Throws with the line number. */
export function parseCorpus(text: string): ToolDocument[] {
  return parseLines(text).map(({ row, line }) => {
    const { id, server, serverDescription, tool, description, inputSchema } = row;
    if (typeof id !== 'string' || typeof server !== 'string' || typeof tool !== 'string') {
      throw new Error(`line ${line}: a tool needs the strings "id", "server" and "tool"`);
    }
    return toolDocument({
      id,
      server,
      name: tool,
      description: textOf(description),
      serverDescription: textOf(serverDescription),
      inputSchema,
    });
  });
}

/** Input schemas by the tools' ids, of which documents keep the names and descriptions only. Throws with the line number. */
export function parseSchemas(text: string): Map<string, Record<string, unknown>> {
  return new Map(
    parseLines(text).flatMap(({ row: { id, inputSchema } }) =>
      typeof id === 'string' && isObject(inputSchema) ? [[id, inputSchema] as const] : [],
    ),
  );
}

/**
 * One request a line: `{"id","query","relevant":[ids],"groups"?:[[ids]],"split"?}`. Without groups every relevant tool is a need
 * of its own; without relevant tools the request is one that no tool answers. Throws with the line number.
 */
export function parseQueries(text: string): JudgedQuery[] {
  return parseLines(text).map((parsed) => ({ ...request(parsed), groups: needs(parsed) }));
}

/** Requests that no tool answers, `relevant` or not. Throws with the line number. */
export function parseUnanswerable(text: string): JudgedQuery[] {
  return parseLines(text).map((parsed) => ({ ...request(parsed), groups: [] }));
}

function request({ row: { id, query, split }, line }: Line): Omit<JudgedQuery, 'groups'> {
  if (typeof id !== 'string' || typeof query !== 'string') {
    throw new Error(`line ${line}: a query needs the strings "id" and "query"`);
  }
  return { id, query, split: textOf(split) || 'all' };
}

function needs({ row: { relevant, groups }, line }: Line): JudgedQuery['groups'] {
  if (!isListOf(relevant, isText)) throw new Error(`line ${line}: a query needs the list "relevant" of tools' ids`);
  const given = groups ?? [];
  if (!isListOf(given, isGroup)) throw new Error(`line ${line}: "groups" must be a list of lists of tools' ids`);
  const alternatives = given.filter((group) => group.length > 0);
  return alternatives.length > 0 ? alternatives : [...new Set(relevant)].map((tool) => [tool]);
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

const isText = (value: unknown) => typeof value === 'string';

const isGroup = (value: unknown) => isListOf(value, isText);

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

interface Line {
  readonly row: Readonly<Record<string, unknown>>;
  /** From 1. */
  readonly line: number;
}

const BYTE_ORDER_MARK = /^\uFEFF/;

function parseLines(text: string): Line[] {
  return text
    .replace(BYTE_ORDER_MARK, '')
    .split('\n')
    .flatMap((content, at) => {
      if (content.trim() === '') return [];
      const row = parseLine(content, at + 1);
      if (!isObject(row)) throw new Error(`line ${at + 1}: expected a JSON object`);
      return [{ row, line: at + 1 }];
    });
}

function parseLine(content: string, line: number): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new Error(`line ${line}: not JSON`, { cause });
  }
}
