/** Members of JSON objects as text: put together without parsing what they are put into. */
import type { JsonObject } from './json.ts';
import { type ByteText, toByteText } from './json-cursor.ts';

/** Without the braces; '' for none. */
export const membersOf = (value: JsonObject): ByteText => toByteText(JSON.stringify(value)).slice(1, -1);

/** Members of one object after those of another. */
export function joinMembers(first: ByteText, second: ByteText): ByteText {
  if (first === '') return second;
  return second === '' ? first : `${first},${second}`;
}

/** The same JSON with members put in at `at`, which is behind an opening brace. */
export function insertMembers(json: ByteText, at: number, members: ByteText): ByteText {
  if (members === '') return json;
  let end = at;
  while (json[end] === ' ' || json[end] === '\t') end++;
  return json.slice(0, at) + members + (json[end] === '}' ? '' : ',') + json.slice(at);
}
