/** References in values: `${env:NAME}`, `${file:path}` and `${workspace}`, expanded once and never again in their result. */
import { resolvePath } from './paths.ts';
import { readWhole } from './read-whole.ts';

/** A secret is a key or a token; whatever is longer was not meant. */
const FILE_BYTES_MAX = 64 * 1024;

/** Variables that say where and who one is: hiding them would only make messages unreadable. */
const PUBLIC_VARIABLES = new Set(
  'HOME USER LOGNAME SHELL PWD PATH LANG TERM TMPDIR TEMP TMP HOSTNAME XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME'.split(
    ' ',
  ),
);

/** For those who meant no reference at all. */
const LITERALLY = ' (a literal "${" is written "$${")';

export interface ReferenceScope {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths in `${file:path}` start from. */
  readonly folder: string;
  /** What `${workspace}` stands for here. */
  readonly workspaceDir?: string | undefined;
  /** MCP clients write `${NAME}`; where their files are pasted it means `${env:NAME}`. */
  readonly bareNames: boolean;
  /** For a gateway that runs: a pipe would hold it up until somebody writes. */
  readonly onlyRegular?: boolean | undefined;
}

export interface Expansion {
  readonly value: string;
  /** Values that must not be printed. */
  readonly secrets: readonly string[];
  readonly problems: readonly string[];
}

type Reference = { readonly value: string; readonly secret: boolean } | { readonly problem: string };

/** Expands every reference of one value; `$${` stands for a literal `${`. */
export function expandReferences(text: string, scope: ReferenceScope): Expansion {
  if (!text.includes('${')) return { value: text, secrets: [], problems: [] };
  const secrets: string[] = [];
  const problems: string[] = [];
  const value = text.replace(/\$\$\{|\$\{([^{}]*)(\}?)/g, (whole, name: string | undefined, end: string) => {
    if (name === undefined) return '${';
    const found = end === '' ? { problem: `"${whole}" is not closed${LITERALLY}` } : lookUp(name, scope);
    if ('problem' in found) {
      problems.push(found.problem);
      return whole;
    }
    if (found.secret) secrets.push(found.value);
    return found.value;
  });
  return { value, secrets, problems };
}

function lookUp(name: string, scope: ReferenceScope): Reference {
  if (name === 'workspace') return fromWorkspace(scope);
  if (name.startsWith('env:')) return fromEnvironment(name.slice('env:'.length), scope);
  if (name.startsWith('file:')) return fromFile(name.slice('file:'.length), scope);
  if (scope.bareNames && /^[A-Za-z_]\w*(:-.*)?$/s.test(name)) return fromEnvironment(name, scope);
  return { problem: unknownReference(name) };
}

function unknownReference(name: string): string {
  if (name.startsWith('input:')) {
    return `"\${${name}}" asks a person, which only VS Code can — write "\${env:${variableName(name.slice('input:'.length))}}"`;
  }
  if (/^[A-Za-z_]\w*$/.test(name))
    return `unknown reference "\${${name}}" — write "\${env:${name}}" for an environment variable${LITERALLY}`;
  return `unknown reference "\${${name}}" — there are "\${env:NAME}", "\${file:path}" and "\${workspace}"${LITERALLY}`;
}

function variableName(words: string): string {
  return words.toUpperCase().replace(/\W+/g, '_') || 'NAME';
}

function fromWorkspace({ workspaceDir }: ReferenceScope): Reference {
  if (workspaceDir !== undefined) return { value: workspaceDir, secret: false };
  return { problem: '"${workspace}" needs the key "workspace" in the same server' };
}

function fromEnvironment(expression: string, { env }: ReferenceScope): Reference {
  const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(expression) ?? [];
  if (name === undefined) return { problem: `"\${env:${expression}}" names no environment variable` };
  const value = env[name];
  if (value !== undefined) return { value, secret: !PUBLIC_VARIABLES.has(name) };
  if (fallback !== undefined) return { value: fallback, secret: false };
  return { problem: `environment variable ${name} is not set` };
}

function fromFile(path: string, { folder, env, onlyRegular }: ReferenceScope): Reference {
  const file = resolvePath(path, folder, env);
  const read = readWhole(file, { bytesMax: FILE_BYTES_MAX, onlyRegular });
  if ('problem' in read) return { problem: `file ${file} cannot be read: ${read.problem}` };
  return { value: read.bytes.toString('utf8').replace(/\r?\n$/, ''), secret: true };
}
