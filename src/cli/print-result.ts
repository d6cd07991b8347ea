/** Prints the result of a tool call: its texts as they are, but for what a terminal would obey, everything else as JSON. */
import { ERROR_CLASSES, type ErrorCode } from '../errors.ts';
import { ERROR_CODE_KEY } from '../meta-tools/register.ts';
import { isObject, type JsonObject } from '../stdx/json.ts';
import { forEyes } from '../stdx/unseen.ts';
import { forTerminal } from './for-terminal.ts';
import { type Invocation, paint, print, tell } from './invocation.ts';

/** The exit code: 1 when the tool itself reports an error, that of the failure when the call was not made. */
export function printResult(invocation: Invocation, result: JsonObject): number {
  const code = failureOf(result);
  if (code) return printFailure(invocation, code, result);
  const isError = result.isError === true;
  const isSeen = isError || invocation.stdout.isTTY === true;
  const say = (text: string) => (isError ? tell : print)(invocation, isSeen ? forEyes(text) : text);
  const blocks = blocksOf(result);
  for (const block of blocks) say(textOf(block) ?? JSON.stringify(block));
  if (blocks.length === 0) say(JSON.stringify(result.structuredContent ?? result));
  return exitCodeOf(result);
}

export function exitCodeOf(result: JsonObject): number {
  const code = failureOf(result);
  if (code) return ERROR_CLASSES[code].exitCode;
  return result.isError === true ? 1 : 0;
}

function printFailure(invocation: Invocation, code: ErrorCode, result: JsonObject): number {
  const text = blocksOf(result)
    .map((block) => textOf(block) ?? '')
    .join('\n');
  const label = paint(invocation.stderr, 'red', `error (${code}):`, invocation.env);
  tell(invocation, `${label} ${forEyes(forTerminal(text.replace(`${code}: `, '')))}`);
  return ERROR_CLASSES[code].exitCode;
}

function failureOf({ _meta }: JsonObject): ErrorCode | undefined {
  const code = isObject(_meta) ? _meta[ERROR_CODE_KEY] : undefined;
  return typeof code === 'string' && Object.hasOwn(ERROR_CLASSES, code) ? (code as ErrorCode) : undefined;
}

const blocksOf = ({ content }: JsonObject) => (Array.isArray(content) ? content : []);
const textOf = (block: unknown) => (isObject(block) && block.type === 'text' ? String(block.text) : undefined);
