/** Which answers pass as bytes: those of which nobody has to know more than that they are results. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readByteAnswer } from '../../../src/bridge/byte-answer.ts';
import { fromByteText, JsonCursor } from '../../../src/stdx/json-cursor.ts';

const read = (text: string) => readByteAnswer(Buffer.from(text), new JsonCursor());

it('passes any plain result, spelt as it came, wherever the members stand', () => {
  const odd = ['resultType', '_meta', '__proto__'];
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

it('says what of it only one era knows', () => {
  const plain = {
    id: 1,
    isToolError: false,
    hasType: false,
    metaAt: 0,
    hasServerInfo: false,
    isOddlyStructured: false,
  };
  const marks = (result: string) => read(`{"jsonrpc":"2.0","id":1,"result":${result}}`);
  const own = '{"_meta":{"a":1,"io.modelcontextprotocol/serverInfo":{}},"resultType":"complete"}';
  expect(marks(own)).toEqual({ ...plain, result: own, hasType: true, metaAt: 10, hasServerInfo: true });
  expect(marks('{"_meta": {}}')).toEqual({ ...plain, result: '{"_meta": {}}', metaAt: 11 });
  expect(marks('{"structuredContent":[1]}')).toMatchObject({ isOddlyStructured: true });
  expect(marks('{"structuredContent":[1],"structuredContent":{}}')).toMatchObject({ isOddlyStructured: false });
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
    ['a wish for input', '{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required"}}'],
    ['two kinds', '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","resultType":"x"}}'],
    ['_meta that is none', '{"jsonrpc":"2.0","id":1,"result":{"_meta":[1]}}'],
    ['_meta twice', '{"jsonrpc":"2.0","id":1,"result":{"_meta":{},"_meta":{}}}'],
    ['a key with an escape', '{"jsonrpc":"2.0","id":1,"result":{"result\\u0054ype":"complete"}}'],
    ['what is no JSON', '{"jsonrpc":"2.0","id":1,"result":{"a":01}}'],
    ['what is cut off', '{"jsonrpc":"2.0","id":1,"result":{}'],
    ['a log line', 'listening'],
    ['nothing', ''],
  ])('%s', (_, line) => expect(read(line)).toBeUndefined());
});
