/** Reads the command lines of `uvx`, `uv tool run` and `pipx run`. */
import { resolve } from 'node:path';
import type { PackageRequest } from './package-request.ts';
import { type Flags, type FlagTable, flagValues, readFlags } from './read-flags.ts';

const UVX: FlagTable = {
  '-q': 'switch',
  '--quiet': 'switch',
  '-v': 'switch',
  '--verbose': 'switch',
  '-n': 'switch',
  '--no-cache': 'switch',
  '--isolated': 'switch',
  '--refresh': 'switch',
  '-U': 'switch',
  '--upgrade': 'switch',
  '--no-progress': 'switch',
  '--native-tls': 'switch',
  '--color': 'value',
  '--from': 'value',
  '-w': 'value',
  '--with': 'value',
  '-p': 'value',
  '--python': 'value',
  '--prerelease': 'value',
  '-i': 'value',
  '--index-url': 'value',
  '--default-index': 'value',
  '--extra-index-url': 'value',
  '--index': 'value',
  '-f': 'value',
  '--find-links': 'value',
};
const PIPX: FlagTable = {
  '-q': 'switch',
  '--quiet': 'switch',
  '-v': 'switch',
  '--verbose': 'switch',
  '--no-cache': 'switch',
  '--spec': 'value',
  '--with': 'value',
  '--python': 'value',
  '-i': 'value',
  '--index-url': 'value',
};
/** Flags that choose where packages come from, by the name that both pip and `uv pip` know. */
const SOURCES: ReadonlyArray<readonly [pip: string, names: readonly string[]]> = [
  ['--index-url', ['-i', '--index-url', '--default-index']],
  ['--extra-index-url', ['--extra-index-url', '--index']],
  ['--find-links', ['-f', '--find-links']],
];

export function readPypiRequest(program: string, words: readonly string[], cwd: string): PackageRequest | undefined {
  if (program === 'uvx') return toRequest(readFlags(words, UVX), cwd);
  if (program === 'uv' && words[0] === 'tool' && words[1] === 'run')
    return toRequest(readFlags(words.slice(2), UVX), cwd);
  if (program === 'pipx' && words[0] === 'run') return toRequest(readFlags(words.slice(1), PIPX), cwd);
  return undefined;
}

function toRequest(flags: Flags | undefined, cwd: string): PackageRequest | undefined {
  const [first, ...rest] = flags?.rest ?? [];
  if (!flags || first === undefined) return undefined;
  const from = flagValues(flags, '--from', '--spec')[0];
  const extra = flagValues(flags, '-w', '--with').flatMap((list) => list.split(','));
  const packages = [from ?? first, ...extra].map((spec) => pypiSpecifier(spec.trim(), cwd));
  if (!packages.every((spec) => spec !== undefined)) return undefined;
  const python = flagValues(flags, '-p', '--python')[0];
  return {
    ecosystem: 'pypi',
    packages,
    bin: from ? first : projectName(first),
    args: rest[0] === '--' ? rest.slice(1) : rest,
    options: sourceOptions(flags),
    ...(python ? { python } : {}),
  };
}

function sourceOptions(flags: Flags): string[] {
  const sources = SOURCES.flatMap(([pip, names]) => flagValues(flags, ...names).map((value) => `${pip}=${value}`));
  return flagValues(flags, '--prerelease').includes('allow') ? [...sources, '--pre'] : sources;
}

const REQUIREMENT = /^([a-z0-9](?:[\w.-]*[a-z0-9])?)(\[[\w ,.-]*\])?\s*(.*)$/i;

/** The requirement as pip takes it: uv's `name@1.2` becomes `name==1.2`, `name@latest` is no condition; undefined if it is none. */
function pypiSpecifier(spec: string, cwd: string): string | undefined {
  if (/[\r\n]/.test(spec)) return undefined;
  if (/^(git\+|https?:|file:)/.test(spec)) return spec;
  if (/^(\.{1,2}(\/|$)|\/)/.test(spec) || /\.(whl|tar\.gz)$/.test(spec)) return resolve(cwd, spec);
  const [, name, extras = '', condition = ''] = REQUIREMENT.exec(spec) ?? [];
  if (!name) return undefined;
  if (condition === '' || /^@\s*latest$/.test(condition)) return `${name}${extras}`;
  if (/^@\s*[\d]/.test(condition)) return `${name}${extras}==${condition.slice(1).trim()}`;
  return /^(@|===?|~=|!=|<=?|>=?|;)/.test(condition) ? spec : undefined;
}

/** The project that a specifier names, without extras and conditions; undefined for addresses and files. */
export function projectName(spec: string): string | undefined {
  if (/^(git\+|https?:|file:|\.{1,2}(\/|$)|\/)/.test(spec) || /\.(whl|tar\.gz)$/.test(spec)) return undefined;
  return REQUIREMENT.exec(spec)?.[1];
}
