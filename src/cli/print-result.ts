/** Prints the result of a tool call: its texts as they are, everything else as JSON. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { type Invocation, print, tell } from './invocation.ts';

/** Exit code 1 for a result that says it is an error. */
export function printResult(invocation: Invocation, result: JsonObject): number {
  const blocks = Array.isArray(result.content) ? result.content : [];
  const say = result.isError === true ? tell : print;
  for (const block of blocks) {
    say(invocation, isObject(block) && block.type === 'text' ? String(block.text) : JSON.stringify(block));
  }
  if (blocks.length === 0) say(invocation, JSON.stringify(result.structuredContent ?? result));
  return result.isError === true ? 1 : 0;
}
