/** Reads the command lines of npx and its relatives: `npm exec`, `bunx`, `pnpm dlx`, `yarn dlx`. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { PackageRequest } from './package-request.ts';
import { type Flags, type FlagTable, flagValues, readFlags } from './read-flags.ts';

const NPM: FlagTable = {
  '-y': 'switch',
  '--yes': 'switch',
  '-q': 'switch',
  '--quiet': 'switch',
  '-s': 'switch',
  '--silent': 'switch',
  '-d': 'switch',
  '--verbose': 'switch',
  '--prefer-offline': 'switch',
  '--prefer-online': 'switch',
  '--offline': 'switch',
  '--ignore-existing': 'switch',
  '--ignore-scripts': 'switch',
  '--loglevel': 'value',
  '--cache': 'value',
  '--registry': 'value',
  '--userconfig': 'value',
  '-p': 'value',
  '--package': 'value',
  '-c': 'refuse',
  '--call': 'refuse',
  '--no': 'refuse',
  '--no-install': 'refuse',
};
const BUN: FlagTable = {
  '-y': 'switch',
  '--verbose': 'switch',
  '--silent': 'switch',
  '-p': 'value',
  '--package': 'value',
};
const PNPM: FlagTable = { '--silent': 'switch', '-s': 'switch', '--package': 'value', '--registry': 'value' };
const YARN: FlagTable = { '-q': 'switch', '--quiet': 'switch', '-p': 'value', '--package': 'value' };

/** `word` is the subcommand that runs a package. */
const SUBCOMMANDS: Readonly<Record<string, { readonly words: readonly string[]; readonly table: FlagTable }>> = {
  npm: { words: ['exec', 'x'], table: NPM },
  bun: { words: ['x'], table: BUN },
  pnpm: { words: ['dlx'], table: PNPM },
  yarn: { words: ['dlx'], table: YARN },
};
const RUNNERS: Readonly<Record<string, FlagTable>> = { npx: NPM, bunx: BUN, pnpx: PNPM };

export function readNpmRequest(program: string, words: readonly string[], cwd: string): PackageRequest | undefined {
  const runner = RUNNERS[program];
  if (runner) return toRequest(readFlags(words, runner), cwd);
  const parent = SUBCOMMANDS[program];
  const before = parent && readFlags(words, parent.table);
  const [subcommand, ...after] = before?.rest ?? [];
  if (!before || !parent?.words.includes(subcommand ?? '')) return undefined;
  const flags = readFlags(program === 'npm' ? untilDashes(after) : after, parent.table);
  return toRequest(flags && { values: [...before.values, ...flags.values], rest: flags.rest }, cwd);
}

/**
 * `npm exec` takes options for itself anywhere before `--`, even behind the package. Where that is so we cannot tell
 * theirs from the server's, and a word that no table knows makes `readFlags` give up.
 */
function untilDashes(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf('--');
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const server = dashes < 0 ? [] : words.slice(dashes + 1);
  const firstPlain = own.findIndex((word, at) => !word.startsWith('-') && !takesValue(own[at - 1]));
  if (firstPlain < 0) return words;
  const behind = own.slice(firstPlain + 1);
  if (behind.some((word) => word.startsWith('-'))) return ['--unknown'];
  return [...own.slice(0, firstPlain), '--', ...own.slice(firstPlain), ...server];
}

const takesValue = (word: string | undefined) => word !== undefined && NPM[word] === 'value';

function toRequest(flags: Flags | undefined, cwd: string): PackageRequest | undefined {
  if (!flags) return undefined;
  const named = flagValues(flags, '-p', '--package');
  const [first, ...args] = flags.rest;
  if (first === undefined) return undefined;
  const packages = (named.length > 0 ? named : [first]).map((spec) => npmSpecifier(spec, cwd));
  if (!packages.every((spec) => spec !== undefined)) return undefined;
  return {
    ecosystem: 'npm',
    packages,
    bin: named.length > 0 ? first : undefined,
    args,
    options: flagValues(flags, '--registry').map((url) => `--registry=${url}`),
  };
}

const NAME = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i;

/** The specifier as npm takes it, with local paths made absolute; undefined if it is none. */
function npmSpecifier(spec: string, cwd: string): string | undefined {
  if (/^(file:|\.{1,2}(\/|$)|\/|~\/)/.test(spec)) return `file:${localPath(spec.replace(/^file:/, ''), cwd)}`;
  if (/^(git\+|git:|https?:|github:|gitlab:|bitbucket:|gist:)/.test(spec)) return spec;
  const name = npmName(spec);
  if (NAME.test(name)) return spec;
  return /^[\w.-]+\/[\w.-]+(#.+)?$/.test(spec) ? `github:${spec}` : undefined;
}

/** The name in `name`, `name@range`, `@scope/name@tag` or `alias@npm:name`. */
function npmName(spec: string): string {
  const at = spec.indexOf('@', 1);
  return at < 0 ? spec : spec.slice(0, at);
}

function localPath(path: string, cwd: string): string {
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(cwd, path);
}
