/** The texts of a result, for whoever wants to know how long they are. */
import { isObject, type JsonObject } from '../stdx/json.ts';
import { type ByteText, fromByteText } from '../stdx/json-cursor.ts';

/** One line break between two blocks; a block that is no text is an empty one. */
export function textOf({ content }: JsonObject): string {
  const blocks = Array.isArray(content) ? content : [];
  return blocks.map((block) => (isObject(block) && typeof block.text === 'string' ? block.text : '')).join('\n');
}

/** The same of a result that is JSON; parsed only where it is more than one text without escapes. */
export function textOfBytes(result: ByteText): string {
  const only = onlyText(result);
  return only === undefined ? textOf(JSON.parse(fromByteText(result)) as JsonObject) : fromByteText(only);
}

/** As most servers write it. What comes behind the list of blocks holds no text of an answer, but another list might. */
const BEGINNING = '{"content":[{"type":"text","text":"';

function onlyText(result: ByteText): ByteText | undefined {
  if (!result.startsWith(BEGINNING)) return undefined;
  const end = result.indexOf('"', BEGINNING.length);
  const isAlone = result.startsWith('"}]', end) && !result.includes('"content"', end);
  if (!isAlone) return undefined;
  const text = result.slice(BEGINNING.length, end);
  return text.includes('\\') ? undefined : text;
}
