/** Further files of a configuration: `include: conf.d/*.yaml` adds their servers and profiles, each located in its own file. */
import { basename } from 'node:path';
import { type IncludedText, includePatterns, listIncluded, readIncluded } from './include-files.ts';
import { type Locate, parseText } from './parse-text.ts';
import { shownPath } from './paths.ts';
import type { LocatedProblem, Position, Problem } from './problems.ts';
import type { LoadOptions } from './resolve.ts';
import type { ConfigDocument } from './schema.ts';
import { validateIncluded } from './validate.ts';

export interface Merged {
  readonly document: ConfigDocument;
  readonly included: readonly IncludedText[];
  /** Where a problem of the merged document stands, with its file. */
  readonly locate: (problem: Problem) => LocatedProblem;
}

interface MainFile {
  readonly document: ConfigDocument;
  readonly locate: Locate;
}

const BLOCKS = ['servers', 'tools', 'mcpServers', 'profiles'] as const;

/** What to take for the text of a file; undefined is what it has. */
export type TextOf = (file: string) => string | undefined;

/** The main document with the servers and profiles of all files, or what is wrong with those files. */
export function mergeIncluded(
  main: MainFile,
  options: LoadOptions,
  textOf: TextOf = () => undefined,
): Merged | { readonly problems: LocatedProblem[] } {
  const problems: LocatedProblem[] = missing(main, options);
  const origins: Origins = new Map();
  noteOrigins(origins, main.document, { file: options.file, locate: main.locate });
  const included: IncludedText[] = [];
  let { document } = main;
  for (const file of listIncluded(includePatterns(document, options))) {
    const read = readOne(file, textOf(file));
    if ('problems' in read) problems.push(...read.problems);
    if ('problems' in read) continue;
    included.push({ file, text: read.text });
    problems.push(...findDuplicates(origins, read));
    noteOrigins(origins, read.document, read);
    document = add(document, read.document);
  }
  if (problems.length > 0) return { problems };
  const locate = ({ path, at, message }: Problem) => {
    const block = BLOCKS.find((one) => one === path[0]);
    const origin = block && origins.get(keyOf(block, String(path[1])));
    if (!origin) return { ...main.locate(path, at), message };
    return { ...origin.locate(path, at), message, file: origin.file };
  };
  return { document, included, locate };
}

interface Origin {
  readonly file: string;
  readonly locate: Locate;
}

/** Of servers and profiles, by what they are called in messages. */
type Origins = Map<string, Origin & { readonly place: Position }>;

interface OneFile extends Origin {
  readonly text: string;
  readonly document: Partial<ConfigDocument>;
}

/** A file that is named, not globbed, is meant to be there. */
function missing({ document, locate }: MainFile, options: LoadOptions): LocatedProblem[] {
  const isList = Array.isArray(document.include);
  return includePatterns(document, options).flatMap((pattern, at) => {
    if (/[*?]/.test(basename(pattern)) || listIncluded([pattern]).length > 0) return [];
    const message = `"include": there is no file ${shownPath(pattern)}`;
    return [{ ...locate(isList ? ['include', at] : ['include'], 'value'), message, file: options.file }];
  });
}

function readOne(file: string, given: string | undefined): OneFile | { readonly problems: LocatedProblem[] } {
  const whole = (message: string) => ({ problems: [{ line: 1, column: 1, message, file }] });
  const text = given ?? readIncluded(file);
  if (text === undefined) return whole('the file cannot be read, or it is not UTF-8, or larger than 4MiB');
  const parsed = parseText(text, 'yaml');
  if ('problems' in parsed) return { problems: parsed.problems.map((problem) => ({ ...problem, file })) };
  const validated = validateIncluded(parsed.value ?? {});
  if ('document' in validated) return { file, text, locate: parsed.locate, document: validated.document };
  return {
    problems: validated.problems.map(({ path, at, message }) => ({ ...parsed.locate(path, at), message, file })),
  };
}

/** Servers share their names over all blocks. */
const keyOf = (block: string, name: string) => `${block === 'profiles' ? 'profile' : 'server'} "${name}"`;

function entriesOf(document: Partial<ConfigDocument>): { readonly key: string; readonly path: [string, string] }[] {
  return BLOCKS.flatMap((block) =>
    Object.keys(document[block] ?? {}).map((name) => ({
      key: keyOf(block, name),
      path: [block, name] as [string, string],
    })),
  );
}

function noteOrigins(origins: Origins, document: Partial<ConfigDocument>, { file, locate }: Origin): void {
  for (const { key, path } of entriesOf(document)) {
    if (!origins.has(key)) origins.set(key, { file, locate, place: locate(path, 'key') });
  }
}

function findDuplicates(origins: Origins, { file, locate, document }: OneFile): LocatedProblem[] {
  return entriesOf(document).flatMap(({ key, path }) => {
    const earlier = origins.get(key);
    if (!earlier) return [];
    const { line, column } = earlier.place;
    const place = `${shownPath(earlier.file)}:${line}:${column}`;
    return [{ ...locate(path, 'key'), message: `${key} stands in ${place} already`, file }];
  });
}

function add(document: ConfigDocument, more: Partial<ConfigDocument>): ConfigDocument {
  const merged = BLOCKS.flatMap((block) =>
    more[block] ? [[block, { ...document[block], ...more[block] }] as const] : [],
  );
  return { ...document, ...Object.fromEntries(merged) };
}
