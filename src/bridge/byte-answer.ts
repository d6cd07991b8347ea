/** Reads the answer to a call whose result travels as bytes, as far as the gateway must know it. */
import { isUtf8 } from 'node:buffer';
import type { ByteText, JsonCursor } from '../stdx/json-cursor.ts';

export interface ByteAnswer {
  readonly id: number;
  /** A JSON object. */
  readonly result: ByteText;
  /** It says `isError: true`. */
  readonly isToolError: boolean;
}

/**
 * Undefined for whatever is not plainly the result of a call of ours: errors, other messages, unknown members, and results with
 * what only one era knows, which has to be taken off for clients of the other.
 */
export function readByteAnswer(line: Buffer, cursor: JsonCursor): ByteAnswer | undefined {
  let id = -1;
  let result: ByteText = '';
  let kind: Kind = 'plain';
  let seen = 0;
  cursor.reset(line);
  cursor.enter();
  while (cursor.next()) {
    const member = memberOf(cursor);
    if (member === 0 || (seen & member) !== 0) return undefined;
    seen |= member;
    const start = cursor.at;
    if (member === RESULT) kind = readResult(cursor);
    else cursor.skip();
    if (cursor.at < 0 || kind === 'odd') return undefined;
    if (member === ID) id = toId(cursor.text(start, cursor.at));
    else if (member === RESULT) result = cursor.text(start, cursor.at);
  }
  if (seen !== ALL || id < 0 || !cursor.isAtEnd || !isUtf8(line)) return undefined;
  return { id, result, isToolError: kind === 'tool-error' };
}

const [RPC, ID, RESULT, ALL] = [1, 2, 4, 7];

type Kind = 'plain' | 'tool-error' | 'odd';

/** 0 for any other. */
function memberOf(cursor: JsonCursor): number {
  if (cursor.isKey('jsonrpc')) return cursor.isWritten('"2.0"') ? RPC : 0;
  if (cursor.isKey('result')) return RESULT;
  return cursor.isKey('id') ? ID : 0;
}

/** Ours are small whole numbers. */
const toId = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

function readResult(cursor: JsonCursor): Kind {
  let kind: Kind = 'plain';
  cursor.enter();
  while (cursor.next()) {
    if (cursor.isKey('resultType') || cursor.isKey('_meta')) return 'odd';
    if (cursor.isKey('structuredContent') && !cursor.isOnObject) return 'odd';
    if (cursor.isKey('isError')) kind = cursor.isWritten('true') ? 'tool-error' : 'plain';
    cursor.skip();
  }
  return kind;
}
