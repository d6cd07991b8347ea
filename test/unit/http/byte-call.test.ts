/** Which calls pass as bytes, and what of them: judged against the lane that parses them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeParams } from '../../../src/bridge/passed-params.ts';
import { readByteCall } from '../../../src/http/byte-call.ts';
import { readPlainMessage } from '../../../src/http/plain-lane.ts';
import { fromByteText, JsonCursor } from '../../../src/stdx/json-cursor.ts';

const read = (text: string) => readByteCall(Buffer.from(text), new JsonCursor());
const PLAIN = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'é' } } };

describe('a call that passes', () => {
  it('is what the parsing lane reads, whatever the arguments', () => {
    const id = fc.oneof(fc.integer(), fc.string({ unit: 'binary-ascii' }));
    const more = fc.dictionary(
      fc.string().filter((key) => key !== '_meta' && key !== '__proto__'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.tuple(id, fc.string(), more, fc.boolean()), ([given, name, rest, isReversed]) => {
        const members = Object.entries({ jsonrpc: '2.0', id: given, method: 'tools/call', params: { ...rest, name } });
        const text = JSON.stringify(Object.fromEntries(isReversed ? members.reverse() : members));
        const call = read(text);
        const parsed = readPlainMessage(JSON.parse(text));
        if (!call) return;
        expect(parsed).toMatchObject({ kind: 'request', request: { id: call.id, method: 'tools/call' } });
        expect(JSON.parse(fromByteText(wholeParams(call.params)))).toEqual(JSON.parse(text).params);
        expect(JSON.parse(call.idText)).toBe(call.id);
        expect(call.tool).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps the spelling of its parameters, byte for byte', () => {
    const params =
      '{ "arguments":{"9":1.0,"1":1e400,"big":12345678901234567890,"s":"\\u00e9é😀\\/"},"name":"echo","x":-0 }';
    const call = read(`{"params":${params},"method":"tools/call","id":"a-1","jsonrpc":"2.0"}`);
    expect(fromByteText(call?.params.text ?? '')).toBe(params);
    expect(call).toMatchObject({ id: 'a-1', idText: '"a-1"', tool: 'echo' });
  });
});

describe('_meta', () => {
  const parts = (params: string) => {
    const call = read(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
    return call && { text: call.params.text, meta: call.params.meta, token: call.progressToken, own: call.envelope };
  };

  it.each([
    ['{"_meta":{"progressToken":7},"name":"echo"}', '{"name":"echo"}', '', 7],
    ['{"name":"echo","_meta":{"progressToken":"a"}}', '{"name":"echo"}', '', 'a'],
    ['{ "name":"echo" , "_meta" : { } , "x":1 }', '{ "name":"echo"  , "x":1 }', '', undefined],
    [
      '{"_meta":{"traceparent":"0\\u0031","progressToken":0},"name":"echo"}',
      '{"name":"echo"}',
      '"traceparent":"0\\u0031"',
      0,
    ],
    ['{"_meta":{"a/b": [1.0],"c":{}},"name":"echo"}', '{"name":"echo"}', '"a/b": [1.0],"c":{}', undefined],
  ])('%s is taken apart', (params, ...[text, meta, token]) => {
    expect(parts(params)).toEqual({ text, meta, token, own: '' });
  });

  it('with an envelope keeps it apart, as it was written', () => {
    const own =
      '"io.modelcontextprotocol/protocolVersion": "2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c"}';
    const params = `{"name":"echo","_meta":{${own},"progressToken":1,"x":2}}`;
    expect(parts(params)).toEqual({ text: '{"name":"echo"}', meta: '"x":2', token: 1, own });
  });

  it('goes to the server with what is added, and nothing else is touched', () => {
    expect(wholeParams({ text: '{"name":"echo"}', meta: '"x":2' })).toBe('{"_meta":{"x":2},"name":"echo"}');
    expect(wholeParams({ text: '{"name":"echo"}', meta: '' })).toBe('{"name":"echo"}');
  });
});

describe('to be parsed', () => {
  const plain = JSON.stringify(PLAIN);
  const withParams = (params: string) => plain.replace(JSON.stringify(PLAIN.params), params);
  it.each([
    ['another method', plain.replace('tools/call', 'tools/list')],
    ['a notification', plain.replace('"id":1,', '')],
    ['a batch', `[${plain}]`],
    ['a member more', plain.replace('{', '{"more":1,')],
    ['a member twice', plain.replace('{', '{"id":2,')],
    ['a method with an escape', plain.replace('tools/call', 'tools\\/call')],
    ['a key with an escape', plain.replace('"params"', '"p\\u0061rams"')],
    ['a fraction as id', plain.replace('"id":1', '"id":1.5')],
    ['an id that is rounded', plain.replace('"id":1', '"id":12345678901234567890')],
    ['null as id', plain.replace('"id":1', '"id":null')],
    ['a token that is rounded', withParams('{"name":"echo","_meta":{"progressToken":12345678901234567890}}')],
    ['a token that is none', withParams('{"name":"echo","_meta":{"progressToken":{}}}')],
    ['two tokens', withParams('{"name":"echo","_meta":{"progressToken":1,"progressToken":2}}')],
    ['another case of a token', withParams('{"name":"echo","_meta":{"ProgressToken":1}}')],
    ['_meta twice', withParams('{"name":"echo","_meta":{"a":1},"_meta":{"a":2}}')],
    ['_meta that is none', withParams('{"name":"echo","_meta":null}')],
    ['what else the protocol says in _meta', withParams('{"name":"echo","_meta":{"io.modelcontextprotocol/x":1}}')],
    ['two names', withParams('{"name":"allowed","name":"denied"}')],
    ['two names, one with an escape', withParams('{"name":"allowed","n\\u0061me":"denied"}')],
    ['arguments twice', withParams('{"name":"echo","arguments":{},"arguments":{"a":1}}')],
    ['a name with an escape', withParams('{"name":"ech\\u006f"}')],
    ['a name that is none', withParams('{"name":7}')],
    ['no name', withParams('{"arguments":{}}')],
    ['parameters that are none', withParams('[]')],
    ['two lines, which would be two messages', withParams('{"name":"echo","arguments":{"a":\n1}}')],
    ['a line feed in a string', withParams('{"name":"echo","arguments":{"a":"\n"}}')],
    ['something behind it', `${plain} {}`],
    ['what is cut off', plain.slice(0, -1)],
  ])('%s', (_, text) => {
    expect(text).not.toBe(plain);
    expect(read(text)).toBeUndefined();
  });

  it('bytes that are no UTF-8', () => {
    const bytes = Buffer.from(plain.replace('é', '\u00ff'), 'latin1');
    expect(readByteCall(bytes, new JsonCursor())).toBeUndefined();
    expect(read(plain)).toBeDefined();
  });
});
