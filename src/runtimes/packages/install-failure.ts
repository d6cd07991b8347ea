/** Turns the last words of npm, pip and uv into what went wrong and what to do about it. */
import { GatewayError } from '../../errors.ts';
import { quoteWord } from '../../stdx/quote-word.ts';

export interface FailedInstall {
  readonly server: string;
  readonly installer: 'npm' | 'pip' | 'uv';
  readonly asked: readonly string[];
  readonly tail: readonly string[];
}

interface Cause {
  readonly sign: RegExp;
  readonly what: string;
  readonly hint: string;
}

const OFFLINE_HINT = 'Check the network, the proxy settings and the address of the registry, then try again.';

/** First match wins, so the precise ones come first. */
const CAUSES: readonly Cause[] = [
  {
    // pip says of an index that it cannot reach that it has no such package, and only before that why.
    sign: /Retry\(total=0\b.*connection broken/,
    what: 'the registry cannot be reached',
    hint: OFFLINE_HINT,
  },
  {
    sign: /code E404|404 Not Found|not found in the package registry|No matching distribution found for (?!.*[=<>~])/,
    what: 'the registry has no such package',
    hint: 'Check the spelling of the package name (and its @scope).',
  },
  {
    sign: /code ETARGET|No matching version|there is no version of|No solution found|No matching distribution/,
    what: 'no version of it fits',
    hint: 'Ask for a version that exists, or leave the version out.',
  },
  {
    sign: /code (E401|E403)|ENEEDAUTH|401 Unauthorized|403 Forbidden/,
    what: 'the registry refuses access',
    hint: 'Log in to the registry (npm login, or a token in .npmrc or pip.conf), or check that the package is public.',
  },
  {
    sign: /code EINTEGRITY|hash(es)? (do|does) not match|DO NOT MATCH THE HASHES|Hash mismatch/i,
    what: 'what was downloaded is not what was published',
    hint: 'Clear the cache of the installer and try again; if it stays, do not use this package.',
  },
  {
    sign: /no such option: --(report|dry-run)/,
    what: 'the pip of this Python is too old to choose versions by hash',
    hint: 'Install uv, or a Python that brings pip 22.2 or later.',
  },
  { sign: /ENOSPC|No space left/i, what: 'the disk is full', hint: 'Make room in the data directory.' },
  {
    sign: /EACCES|EROFS|Permission denied/,
    what: 'a folder may not be written to',
    hint: 'Check the rights of the data directory and of the cache of the installer.',
  },
  {
    sign: /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|Failed to establish a new connection|error sending request|dns error|Network is unreachable|Temporary failure in name resolution/i,
    what: 'the registry cannot be reached',
    hint: OFFLINE_HINT,
  },
  {
    sign: /code EBADENGINE|requires.python|Requires-Python/i,
    what: 'it needs another version of Node or Python',
    hint: 'Use the version that the package asks for.',
  },
  {
    sign: /code ENOENT|Could not install.*No such file|does not exist/,
    what: 'a file that it names is not there',
    hint: 'Check the path of the package.',
  },
];

/** INSTALL_FAILED with the cause where the tail shows one, and always with the end of the tail itself. */
export function installFailure({ server, installer, asked, tail }: FailedInstall): GatewayError {
  const cause = CAUSES.find(({ sign }) => tail.some((line) => sign.test(line)));
  const said = tail.filter((line) => !NOISE.test(line)).slice(-QUOTED_LINES);
  const what = cause?.what ?? `${installer} failed`;
  const shown = asked.join(' ');
  const quoted = said.map((line) => `  ${line.trimEnd()}`).join('\n');
  return new GatewayError('INSTALL_FAILED', `${server}: cannot install ${shown}: ${what}\n${quoted}`.trimEnd(), {
    hint: cause?.hint ?? `Try the same by hand: ${installer} install ${asked.map(quoteWord).join(' ')}`,
    data: { installer, tail: said },
  });
}

const QUOTED_LINES = 8;
/** npm: what it fetched, warnings, empty lines, stack traces and dumped objects (both indented), where its log is. */
const NOISE = /^npm http|^npm warn|^npm error(\s\d+)?\s*$|^npm error\s{2,}|^npm error }|complete log of this run/i;
