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

/** One request a line: `{"id","query","relevant":[ids],"groups"?:[[ids]],"split"?}`. Throws with the line number. */
export function parseQueries(text: string): JudgedQuery[] {
  return parseLines(text).map(({ row, line }) => {
    const { id, query, relevant, groups, split } = row;
    if (typeof id !== 'string' || typeof query !== 'string' || !isListOfTexts(relevant)) {
      throw new Error(`line ${line}: a query needs the strings "id" and "query" and the list "relevant"`);
    }
    const alternatives = Array.isArray(groups) && groups.every(isListOfTexts) ? groups : relevant.map((tool) => [tool]);
    return { id, query, groups: alternatives, split: textOf(split) || 'all' };
  });
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

const isListOfTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function parseLines(text: string): { row: Record<string, unknown>; line: number }[] {
  return text.split('\n').flatMap((content, at) => {
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
