import { expect, it } from 'vitest';
import { textOf, textOfBytes } from '../../../src/meta-tools/text-of-result.ts';
import type { JsonObject } from '../../../src/stdx/json.ts';
import { toByteText } from '../../../src/stdx/json-cursor.ts';

const TEXT = { type: 'text', text: 'hello' };

it.each<[string, JsonObject, string]>([
  ['one text', { content: [TEXT] }, 'hello'],
  ['a text that says more behind it', { content: [TEXT], structuredContent: { text: 'no' }, isError: false }, 'hello'],
  ['a text above ASCII', { content: [{ type: 'text', text: 'schön' }] }, 'schön'],
  ['a text with escapes', { content: [{ type: 'text', text: 'a "b"\n\\' }] }, 'a "b"\n\\'],
  ['an empty text', { content: [{ type: 'text', text: '' }] }, ''],
  ['two texts', { content: [TEXT, TEXT] }, 'hello\nhello'],
  ['a text with annotations', { content: [{ ...TEXT, annotations: { priority: 1 } }] }, 'hello'],
  ['a text and a picture', { content: [TEXT, { type: 'image', data: 'AA==', mimeType: 'image/png' }] }, 'hello\n'],
  ['another list of that name', { content: [TEXT], structuredContent: { content: [TEXT, TEXT] } }, 'hello'],
  ['nothing', {}, ''],
])('is the same of %s, as an object and as bytes', (_, result, text) => {
  expect(textOf(result)).toBe(text);
  expect(textOfBytes(toByteText(JSON.stringify(result)))).toBe(text);
});
