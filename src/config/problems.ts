/** What is wrong in a configuration file, and where: everything at once, each with file, line and column. */
import { GatewayError } from '../errors.ts';
import { shownPath } from './paths.ts';

export type KeyPath = readonly (string | number)[];

export interface Problem {
  readonly path: KeyPath;
  /** Whether the key itself or its value is to blame. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

export interface Position {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface LocatedProblem extends Position {
  readonly message: string;
  /** Where it is not the main file. */
  readonly file?: string;
}

/** More than anybody mends in one go. */
const SHOWN_MAX = 50;

/** CONFIG_INVALID with one line for each problem, in the order of the file. */
export function invalidConfig(file: string, problems: readonly LocatedProblem[]): GatewayError {
  const files = [...new Set([file, ...problems.map((problem) => problem.file ?? file)])];
  const fileOrder = (problem: LocatedProblem) => files.indexOf(problem.file ?? file);
  const sorted = [...problems].sort((a, b) => fileOrder(a) - fileOrder(b) || a.line - b.line || a.column - b.column);
  const lines = sorted.slice(0, SHOWN_MAX).map((problem) => locatedText(problem.file ?? file, problem));
  if (sorted.length > SHOWN_MAX) lines.push(`and ${sorted.length - SHOWN_MAX} more problems`);
  const broken = files.filter((one) => problems.some((problem) => (problem.file ?? file) === one)).map(shownPath);
  return new GatewayError('CONFIG_INVALID', lines.join('\n'), {
    hint: `mend ${broken.join(', ')}, then run "tooldex check"; every key is explained in docs/CONFIGURATION.md`,
    data: { file, problems: sorted.slice(0, SHOWN_MAX) },
  });
}

/** `file:line:column: message`, which terminals and editors make a link of. */
function locatedText(file: string, { line, column, message }: LocatedProblem): string {
  return `${shownPath(file)}:${line}:${column}: ${message}`;
}
