/** Holds a parsed file against the schema and collects every problem, in sentences that say what to write instead. */
import type * as z from 'zod';
import { nearest } from '../stdx/nearest.ts';
import type { Problem } from './problems.ts';
import { type ConfigDocument, includedDocument, jsonDocument, yamlDocument } from './schema.ts';

export type Validated = { readonly document: ConfigDocument } | { readonly problems: readonly Problem[] };

/** Shapes and formats only; what keys mean together is checked when they are resolved. */
export function validate(value: unknown, kind: 'yaml' | 'json'): Validated {
  if (value === null || value === undefined) {
    return { problems: [{ path: [], at: 'value', message: 'the file is empty — begin with "servers:"' }] };
  }
  const result = (kind === 'json' ? jsonDocument : yamlDocument).safeParse(value, { error: describeIssue });
  if (result.success) return { document: result.data };
  return { problems: result.error.issues.flatMap(toProblems) };
}

/** The same for a file that another one includes. */
export function validateIncluded(
  value: unknown,
): { readonly document: Partial<ConfigDocument> } | { readonly problems: readonly Problem[] } {
  const result = includedDocument.safeParse(value, { error: describeIssue });
  if (result.success) return { document: result.data };
  return { problems: result.error.issues.flatMap(toProblems).map(sayWhereItBelongs) };
}

function sayWhereItBelongs(problem: Problem): Problem {
  const key = problem.path.length === 1 && problem.at === 'key' ? String(problem.path[0]) : '';
  if (!Object.hasOwn(yamlDocument.shape, key) || Object.hasOwn(includedDocument.shape, key)) return problem;
  return { ...problem, message: `"${key}" belongs in the main file — an included one has only servers and profiles` };
}

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      at: 'key',
      message: messages[index] ?? issue.message,
    }));
  }
  if (issue.code === 'invalid_key') {
    return [{ path, at: 'key', message: `"${path.at(-1)}": ${issue.issues[0]?.message ?? issue.message}` }];
  }
  const missing = issue.message.startsWith('missing key');
  return [{ path, at: missing ? 'key' : 'value', message: missing ? issue.message : `${named(path)}${issue.message}` }];
}

function named(path: readonly (string | number)[]): string {
  const key = path.findLast((segment) => typeof segment === 'string');
  return key === undefined ? '' : `"${key}": `;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a block of keys',
  record: 'a block of keys',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue.expected, issue.input, String(issue.path?.at(-1)));
    case 'invalid_value':
      return describeChoice(issue.input, issue.values.map(String));
    case 'too_small':
      return typeof issue.input === 'number' ? `${issue.input} is less than ${issue.minimum}` : 'must not be empty';
    case 'too_big':
      return typeof issue.input === 'number'
        ? `${issue.input} is more than ${issue.maximum}`
        : `is longer than ${issue.maximum} characters`;
    default:
      return undefined;
  }
}

function describeType(expected: string, input: unknown, key: string): string {
  if (input === undefined) return `missing key "${key}"`;
  const wanted = KINDS[expected] ?? expected;
  if (input === null) return `there is no value, ${wanted} is expected — give one or remove the key`;
  if (expected === 'string' && typeof input !== 'object')
    return `text is expected, not ${kindOf(input)} — put it in quotes`;
  if (isQuotedScalar(expected, input)) return `${wanted} is expected, not text — write it without quotes`;
  if (expected === 'array' && typeof input !== 'object') return 'a list is expected — write it like ["one", "two"]';
  return `${wanted} is expected, not ${kindOf(input)}`;
}

function isQuotedScalar(expected: string, input: unknown): boolean {
  if (typeof input !== 'string') return false;
  if (expected === 'boolean') return input === 'true' || input === 'false';
  return (expected === 'number' || expected === 'int') && /^\d+(\.\d+)?$/.test(input);
}

function describeChoice(input: unknown, choices: readonly string[]): string {
  const [guess] = typeof input === 'string' ? nearest(input, choices, 1) : [];
  const remedy = guess === undefined ? '' : ` — did you mean "${guess}"?`;
  return `${JSON.stringify(input)?.slice(0, 60)} is none of ${choices.join(', ')}${remedy}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a block of keys';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'true or false';
  return 'a number';
}
