/** Reads the answer to a call whose result travels as bytes, as far as the gateway must know it. */
import { isUtf8 } from 'node:buffer';
import type { ByteText, JsonCursor } from '../stdx/json-cursor.ts';
import { META_SERVER_INFO } from './protocol-versions.ts';
import type { ByteResult } from './upstream-session.ts';

export interface ByteAnswer extends ByteResult {
  readonly id: number;
}

/**
 * Undefined for whatever is not plainly the result of a call of ours: errors, other messages, unknown members, wishes for input.
 */
export function readByteAnswer(line: Buffer, cursor: JsonCursor): ByteAnswer | undefined {
  let id = -1;
  let result: ByteText = '';
  let marks: Marks | undefined;
  let seen = 0;
  cursor.reset(line);
  cursor.enter();
  while (cursor.next()) {
    const member = memberOf(cursor);
    if (member === 0 || (seen & member) !== 0) return undefined;
    seen |= member;
    const start = cursor.at;
    if (member === RESULT) marks = readResult(cursor);
    else cursor.skip();
    if (cursor.at < 0 || (member === RESULT && !marks)) return undefined;
    if (member === ID) id = toId(cursor.text(start, cursor.at));
    else if (member === RESULT) result = cursor.text(start, cursor.at);
  }
  if (seen !== ALL || id < 0 || !marks || !cursor.isAtEnd || !isUtf8(line)) return undefined;
  const { isToolError, hasType, metaAt, hasServerInfo, isOddlyStructured } = marks;
  return { id, result, isToolError, hasType, metaAt, hasServerInfo, isOddlyStructured };
}

const [RPC, ID, RESULT, ALL] = [1, 2, 4, 7];

type Marks = Omit<ByteResult, 'result'>;

/** 0 for any other. */
function memberOf(cursor: JsonCursor): number {
  if (cursor.isKey('jsonrpc')) return cursor.isWritten('"2.0"') ? RPC : 0;
  if (cursor.isKey('result')) return RESULT;
  return cursor.isKey('id') ? ID : 0;
}

/** Ours are small whole numbers. */
const toId = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

/** With the cursor behind it; undefined, wherever the cursor is, for one that is to be parsed. */
function readResult(cursor: JsonCursor): Marks | undefined {
  const begin = cursor.at;
  let isToolError = false;
  let hasType = false;
  let isOddlyStructured = false;
  let metaAt = 0;
  let hasServerInfo = false;
  cursor.enter();
  while (cursor.next()) {
    if (cursor.isKey('_meta')) {
      if (metaAt > 0) return undefined;
      metaAt = cursor.at + 1 - begin;
      hasServerInfo = readMeta(cursor);
      continue;
    }
    if (cursor.isKey('resultType')) {
      if (!cursor.isWritten('"complete"')) return undefined;
      hasType = true;
    } else if (cursor.isKey('structuredContent')) isOddlyStructured = !cursor.isOnObject;
    else if (cursor.isKey('isError')) isToolError = cursor.isWritten('true');
    cursor.skip();
  }
  return { isToolError, hasType, metaAt, hasServerInfo, isOddlyStructured };
}

/** Whether it says who answers. What is no object breaks the cursor. */
function readMeta(cursor: JsonCursor): boolean {
  let hasServerInfo = false;
  cursor.enter();
  while (cursor.next()) {
    hasServerInfo ||= cursor.isKey(META_SERVER_INFO);
    cursor.skip();
  }
  return hasServerInfo;
}
