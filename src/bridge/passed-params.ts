/** Parameters that travel as bytes, without the one member of them in which bridge and session put what is theirs. */
import type { ByteText } from '../stdx/json-cursor.ts';
import { insertMembers, joinMembers } from '../stdx/json-members.ts';

export interface PassedParams {
  /** A JSON object without `_meta`, on one line. */
  readonly text: ByteText;
  /** The members of `_meta` that go to the server, without braces; '' for none. */
  readonly meta: ByteText;
}

/** With more members of `_meta`, which must not be there already. */
export function withMeta({ text, meta }: PassedParams, more: ByteText): PassedParams {
  return { text, meta: joinMembers(meta, more) };
}

export function requestLine(id: number, method: string, params: PassedParams): ByteText {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${wholeParams(params)}}`;
}

/** As they are sent. */
export function wholeParams({ text, meta }: PassedParams): ByteText {
  return meta === '' ? text : insertMembers(text, 1, `"_meta":{${meta}}`);
}
