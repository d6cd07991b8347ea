/** Which answers pass as bytes: those of which nobody has to know more than that they are results. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readByteAnswer } from '../../../src/bridge/byte-answer.ts';
import { fromByteText, JsonCursor } from '../../../src/stdx/json-cursor.ts';

const read = (text: string) => readByteAnswer(Buffer.from(text), new JsonCursor());

it('passes any plain result, spelt as it came, wherever the members stand', () => {
  const odd = ['resultType', '_meta', 'structuredContent', '__proto__'];
  const result = fc.dictionary(
    fc.string().filter((key) => !odd.includes(key) && !JSON.stringify(key).includes('\\')),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.nat(), result, fc.constantFrom([0, 1, 2], [2, 1, 0], [1, 2, 0]), (id, value, order) => {
      const members = ['"jsonrpc":"2.0"', `"id":${id}`, `"result":${JSON.stringify(value)}`];
      const answer = read(`{${order.map((each) => members[each]).join(',')}}`);
      expect(answer?.id).toBe(id);
      expect(fromByteText(answer?.result ?? '')).toBe(JSON.stringify(value));
      expect(answer?.isToolError).toBe(value.isError === true);
    }),
    { numRuns: 1000 },
  );
});

it('knows what reports an error of the tool', () => {
  expect(read('{"jsonrpc":"2.0","id":1,"result":{"isError": true}}')?.isToolError).toBe(true);
  expect(read('{"jsonrpc":"2.0","id":1,"result":{"isError":false}}')?.isToolError).toBe(false);
  expect(read('{"jsonrpc":"2.0","id":1,"result":{"a":{"isError":true}}}')?.isToolError).toBe(false);
});

describe('to be parsed', () => {
  it.each([
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}'],
    ['a notification', '{"jsonrpc":"2.0","method":"notifications/x"}'],
    ['a request', '{"jsonrpc":"2.0","id":1,"method":"ping"}'],
    ['a member more', '{"jsonrpc":"2.0","id":1,"result":{},"more":1}'],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"id":2,"result":{}}'],
    ['another id', '{"jsonrpc":"2.0","id":"1","result":{}}'],
    ['another version', '{"jsonrpc":"1.0","id":1,"result":{}}'],
    ['no object', '{"jsonrpc":"2.0","id":1,"result":[]}'],
    ['what modern servers add', '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}'],
    ['who answered', '{"jsonrpc":"2.0","id":1,"result":{"_meta":{"io.modelcontextprotocol/serverInfo":{}}}}'],
    ['structured content that is no object', '{"jsonrpc":"2.0","id":1,"result":{"structuredContent":[1]}}'],
    ['a key with an escape', '{"jsonrpc":"2.0","id":1,"result":{"result\\u0054ype":"complete"}}'],
    ['what is no JSON', '{"jsonrpc":"2.0","id":1,"result":{"a":01}}'],
    ['what is cut off', '{"jsonrpc":"2.0","id":1,"result":{}'],
    ['a log line', 'listening'],
    ['nothing', ''],
  ])('%s', (_, line) => expect(read(line)).toBeUndefined());
});
