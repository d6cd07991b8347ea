/** The errors of an upstream server, with the facts a reader needs: which server, how it ended, what it last said. */
import { GatewayError } from '../errors.ts';
import { isObject } from '../stdx/json.ts';
import { MESSAGE_DEPTH_MAX, type RpcMessage } from './rpc-message.ts';
import { MESSAGE_BYTES_MAX } from './wire.ts';

const TAIL_LINES_MAX = 8;
const TAIL_LINE_CHARS_MAX = 300;
const RPC_MESSAGE_CHARS_MAX = 2000;

export interface ProcessEnd {
  readonly server: string;
  readonly exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  readonly stderrTail: readonly string[];
}

/** SERVER_CRASHED, for a process that was up. */
export function crashError(end: ProcessEnd): GatewayError {
  return new GatewayError('SERVER_CRASHED', `Server "${end.server}" ${howItEnded(end)}${quoteTail(end.stderrTail)}`, {
    hint: 'The call was not repeated and what the server held in memory is lost. Call again: the next call starts it anew.',
    data: { ...factsOf(end), stateLost: true },
  });
}

/** The same crash for a call that the server cannot have begun, which may be made again; any other error as it is. */
export function neverRead(error: Error): Error {
  if (!(error instanceof GatewayError) || error.code !== 'SERVER_CRASHED') return error;
  return new GatewayError(error.code, error.message, { hint: error.hint ?? '', data: { ...error.data, unread: true } });
}

/** START_FAILED, for a process that ended before it was initialized. */
export function startExitError(end: ProcessEnd, exitedOnProbe: boolean): GatewayError {
  const what = `Server "${end.server}" ${howItEnded(end)} before it was initialized${quoteTail(end.stderrTail)}`;
  return new GatewayError('START_FAILED', what, {
    hint: 'Check its command, arguments and environment; running the same command in a terminal shows all that it prints.',
    data: { ...factsOf(end), exitedOnProbe },
  });
}

/** START_TIMEOUT, for a process that runs but does not speak. */
export function startTimeoutError(server: string, timeoutMs: number, stderrTail: readonly string[]): GatewayError {
  const what = `Server "${server}" did not answer initialize within ${timeoutMs} ms${quoteTail(stderrTail)}`;
  return new GatewayError('START_TIMEOUT', what, {
    hint: 'Raise its `start_timeout` if it is only slow; if it speaks HTTP instead of stdio, configure its `url`.',
    data: { stderr: stderrTail.slice(-TAIL_LINES_MAX) },
  });
}

/** The same crash, marked for `exitedOnProbe`; any other error as it is. */
export function asProbeExit(error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'SERVER_CRASHED') return error;
  return new GatewayError(error.code, error.message, {
    hint: error.hint ?? '',
    data: { ...error.data, exitedOnProbe: true },
  });
}

/** True when the process died of the very first question, so that a fresh one should be asked the old way. */
export function exitedOnProbe(error: unknown): boolean {
  return error instanceof GatewayError && error.data?.exitedOnProbe === true;
}

/** UPSTREAM_ERROR with the JSON-RPC error untouched in `data.rpc`. */
function rpcError(server: string, method: string, error: unknown): GatewayError {
  const said = isObject(error) && typeof error.message === 'string' ? error.message : JSON.stringify(error);
  const code = isObject(error) && typeof error.code === 'number' ? ` (${error.code})` : '';
  const text = (said ?? 'no message').slice(0, RPC_MESSAGE_CHARS_MAX);
  return new GatewayError('UPSTREAM_ERROR', `Server "${server}" answered ${method} with an error${code}: ${text}`, {
    data: { rpc: error },
  });
}

/** Why a call fails that got this answer. */
export function answerError(server: string, method: string, answer: Failure): GatewayError {
  return answer.kind === 'error' ? rpcError(server, method, answer.error) : tooDeep(server, method);
}

type Failure = Extract<RpcMessage, { kind: 'error' | 'too-deep' }>;

/** PROTOCOL_VIOLATION, for an answer that nobody could write again. */
function tooDeep(server: string, method: string): GatewayError {
  const what = `Server "${server}" answered ${method} with JSON that is nested deeper than ${MESSAGE_DEPTH_MAX} levels`;
  return new GatewayError('PROTOCOL_VIOLATION', what);
}

/** The JSON-RPC code of an upstream's error, if it is one. */
export function rpcCodeOf(error: unknown): number | undefined {
  if (!(error instanceof GatewayError) || error.code !== 'UPSTREAM_ERROR') return undefined;
  const rpc = error.data?.rpc;
  return isObject(rpc) && typeof rpc.code === 'number' ? rpc.code : undefined;
}

/** The `data` of an upstream's error with that JSON-RPC code. */
export function rpcDataOf(error: unknown, code: number): unknown {
  if (rpcCodeOf(error) !== code || !(error instanceof GatewayError)) return undefined;
  const rpc = error.data?.rpc;
  return isObject(rpc) ? rpc.data : undefined;
}

function howItEnded({ exit }: ProcessEnd): string {
  if (!exit) return 'closed its output';
  if (exit.signal) return `was ended by ${exit.signal}`;
  return `exited with code ${exit.code ?? 'unknown'}`;
}

function quoteTail(lines: readonly string[]): string {
  if (lines.length === 0) return '; it wrote nothing to stderr';
  const quoted = lines.slice(-TAIL_LINES_MAX).map((line) => `\n  ${line.slice(0, TAIL_LINE_CHARS_MAX)}`);
  return `; its last lines on stderr:${quoted.join('')}`;
}

function factsOf({ exit, stderrTail }: ProcessEnd): Record<string, unknown> {
  return { exitCode: exit?.code ?? null, signal: exit?.signal ?? null, stderr: stderrTail.slice(-TAIL_LINES_MAX) };
}

/** The HTTP status behind an error of a remote server, if there was one. */
export function httpStatusOf(error: unknown): number | undefined {
  const status = error instanceof GatewayError ? error.data?.httpStatus : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** PROTOCOL_VIOLATION. */
export function noObject(server: string, method: string): GatewayError {
  return new GatewayError(
    'PROTOCOL_VIOLATION',
    `Server "${server}" answered ${method} with a result that is no object`,
  );
}

/** SERVER_CRASHED, for an answer over HTTP that had a stream of its own. */
export function lostStream(server: string, method: string): GatewayError {
  return new GatewayError('SERVER_CRASHED', `Server "${server}" ended its answer to ${method} without a result`, {
    hint: 'The connection broke or the server restarted; the call was not repeated.',
  });
}

/** PROTOCOL_VIOLATION, for an answer over HTTP that is not read to its end. */
export function tooLong(server: string): GatewayError {
  const message = `Server "${server}" answered with more than ${MESSAGE_BYTES_MAX / 1024 / 1024} MiB, which is not read`;
  return new GatewayError('PROTOCOL_VIOLATION', message, { hint: 'Ask it for less at once.' });
}
