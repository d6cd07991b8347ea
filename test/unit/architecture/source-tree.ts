/** The source files of the project as the architecture tests see them: where they belong and what they import. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface SourceFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  /** First folder below src, name of a file directly in src, or `index`. */
  readonly module: string;
  readonly text: string;
  /** The text without comments; lines keep their numbers. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** Path from the root for relative imports, otherwise undefined. */
  readonly path: string | undefined;
  /** Names that are imported as values, as they are called here. */
  readonly values: readonly string[];
}

/** Every TypeScript and CommonJS file below src and index, training code of models aside. */
export function sourceFiles(): SourceFile[] {
  return ['src', 'index'].flatMap((folder) => walk(folder)).map(readSource);
}

export function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'train')
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return walk(path);
      return /\.(ts|cjs|mjs)$/.test(entry.name) ? [path] : [];
    });
}

export function readSource(path: string): SourceFile {
  return parseSource(path, readFileSync(join(ROOT, path), 'utf8'));
}

export function parseSource(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, module: moduleOf(path), text, code, imports: importsOf(path, code) };
}

/** `src/bridge/session.ts` is of `bridge`, `src/errors.ts` of `errors`, everything below index of `index`. */
export function moduleOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  if (top !== 'src') return top;
  if (second === 'loader.cjs') return 'main';
  return second.replace(/\.[cm]?[jt]s$/, '');
}

/** Strings are matched too, so that what looks like a comment inside one stays. */
function withoutComments(text: string): string {
  const stringOrComment = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?\*\/|(?<![:\\/])\/\/[^\n]*/g;
  return text.replace(stringOrComment, (found) => (/^['"]/.test(found) ? found : found.replace(/[^\n]/g, ' ')));
}

const STATEMENT = /^[ \t]*(?:import|export)\s+(?:(type)\s+)?([^'";=()]*?)\s*from\s*['"]([^'"]+)['"]/gm;
const BARE = /^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const CALL = /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g;

function importsOf(path: string, code: string): Import[] {
  const made = (specifier: string, values: readonly string[]): Import => ({
    specifier,
    path: specifier.startsWith('.') ? posix.normalize(`${dirname(path)}/${specifier}`) : undefined,
    values,
  });
  const statements = [...code.matchAll(STATEMENT)].map(([, type, names = '', specifier = '']) =>
    made(specifier, type ? [] : localNames(names)),
  );
  const others = [...code.matchAll(BARE), ...code.matchAll(CALL)].map(([, specifier = '']) => made(specifier, []));
  return [...statements, ...others];
}

/** `{ a, type B, c as d }, * as e` gives a, d and e. */
function localNames(clause: string): string[] {
  return clause
    .split(/[{},]/)
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith('type '))
    .map((part) => part.split(/\s+as\s+/).at(-1) ?? part);
}

/** Package of a specifier: `@scope/name/deep` gives `@scope/name`; `node:` and relative ones give undefined. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
