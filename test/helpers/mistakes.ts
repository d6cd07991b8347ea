/** Servers that misbehave, mistakes to make with them, and what whoever makes one must be told. */
import { fixtureServer } from './fixture-server.ts';

/** Configuration of one good server, noting what it does in `journal`, and of many that are not. */
export const badServers = (journal: string) => ({
  good: fixtureServer('well-behaved', '--journal', journal),
  crashes: fixtureServer('crashes-in-call'),
  dies: fixtureServer('dies-before-initialize'),
  'dies-later': fixtureServer('dies-after-initialize'),
  silent: { ...fixtureServer('never-answers'), start_timeout: '500ms' },
  deaf: { ...fixtureServer('never-answers', '--from', 'tools/call'), limits: { timeout: '500ms' } },
  hangs: { ...fixtureServer('never-answers', '--from', 'tools/call'), limits: { timeout: '10m' } },
  floods: fixtureServer('floods-stderr'),
  endless: fixtureServer('huge-result'),
  noisy: fixtureServer('noisy-stdout'),
  missing: { command: 'no-such-program-anywhere' },
});

/** Servers that cannot even be listed, and what is said of them. */
export const UNLISTABLE: Readonly<Record<string, RegExp>> = {
  dies: /exited with code 1 before it was initialized[\s\S]*cannot find the API key/,
  'dies-later': /exited with code 1/,
  silent: /did not answer initialize within 500 ms/,
  missing: /cannot start no-such-program-anywhere: it is not on the PATH/,
};

/** A wrong call, what the answer must say, and the exit code that stands for it. */
export interface Mistake {
  readonly what: string;
  readonly tool: string;
  readonly params?: object;
  readonly code: string;
  readonly exitCode: number;
  readonly says: readonly RegExp[];
}

const MISTAKES: readonly Mistake[] = [
  {
    what: '#48 an unknown server',
    tool: 'god:echo',
    code: 'SERVER_UNKNOWN',
    exitCode: 65,
    says: [/no server is called "god"/, /did you mean good/],
  },
  {
    what: '#48 an unknown tool',
    tool: 'good:ecko',
    code: 'TOOL_UNKNOWN',
    exitCode: 65,
    says: [/good has no tool "ecko"/, /did you mean echo/],
  },
  {
    what: '#48 a tool name that no server has',
    tool: 'structurd',
    code: 'TOOL_UNKNOWN',
    exitCode: 65,
    says: [/no server has a tool "structurd"/, /good:structured/],
  },
  {
    what: '#48 a missing argument',
    tool: 'good:add',
    params: { a: 1 },
    code: 'ARGUMENTS_INVALID',
    exitCode: 65,
    says: [/"b" is missing/, /second addend/],
  },
  {
    what: '#48 an argument of the wrong type',
    tool: 'good:add',
    params: { a: 'one', b: 2 },
    code: 'ARGUMENTS_INVALID',
    exitCode: 65,
    says: [/a: must be number, got "one"/],
  },
  {
    what: '#1 a server that dies at once',
    tool: 'dies:echo',
    code: 'START_FAILED',
    exitCode: 69,
    says: [/exited with code 1/, /cannot find the API key/, /hint: /],
  },
  {
    what: '#2 a server that never introduces itself',
    tool: 'silent:echo',
    code: 'START_TIMEOUT',
    exitCode: 69,
    says: [/did not answer initialize within 500 ms/, /start_timeout/],
  },
  {
    what: '#3 a program that is not there',
    tool: 'missing:echo',
    code: 'START_FAILED',
    exitCode: 69,
    says: [/no-such-program-anywhere: it is not on the PATH/],
  },
  {
    what: '#30 a server that dies in the call',
    tool: 'crashes:crash',
    code: 'SERVER_CRASHED',
    exitCode: 69,
    says: [/SIGKILL/, /segmentation fault \(not really\)/, /next call starts it anew/],
  },
  {
    what: 'a server that hangs in the call',
    tool: 'deaf:echo',
    params: { text: 'x' },
    code: 'CALL_TIMEOUT',
    exitCode: 75,
    says: [/500 ms/, /limits\.timeout/],
  },
  {
    what: '#7 a server that floods its output',
    tool: 'endless:endless',
    code: 'PROTOCOL_VIOLATION',
    exitCode: 76,
    says: [/a line of more than 32 MiB/],
  },
  {
    what: 'an error of the server itself',
    tool: 'good:rpc_error',
    params: { code: -32050, message: 'no access' },
    code: 'UPSTREAM_ERROR',
    exitCode: 69,
    says: [/-32050/, /no access/],
  },
];

/** With their names, as `it.each` wants them. */
export const NAMED_MISTAKES = MISTAKES.map((mistake) => [mistake.what, mistake] as const);
