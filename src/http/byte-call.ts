/** Reads a plain call of a tool from its bytes, so that what only passes through is never parsed. */
import { isUtf8 } from 'node:buffer';
import { isLookAlike } from '../meta-tools/look-alikes.ts';
import { type ByteText, fromByteText, type JsonCursor } from '../stdx/json-cursor.ts';

export interface ByteCall {
  readonly id: string | number;
  /** As the caller wrote it. */
  readonly idText: ByteText;
  readonly tool: string;
  readonly params: ByteText;
}

/**
 * Undefined for whatever is not plainly a `tools/call` of a legacy client: other members, members that stand there twice, escapes
 * in what decides, and `_meta`, in which there may be a token or an envelope between client and gateway.
 */
export function readByteCall(body: Buffer, cursor: JsonCursor): ByteCall | undefined {
  cursor.reset(body);
  cursor.enter();
  let idText = '';
  let tool: string | undefined;
  let params = '';
  let seen = 0;
  while (cursor.next()) {
    const member = memberOf(cursor);
    if (member === 0 || (seen & member) !== 0) return undefined;
    seen |= member;
    const start = cursor.at;
    if (member === PARAMS) tool = readTool(cursor);
    else cursor.skip();
    if (cursor.at < 0) return undefined;
    if (member === ID) idText = cursor.text(start, cursor.at);
    else if (member === PARAMS) params = cursor.text(start, cursor.at);
  }
  const id = toId(idText);
  if (seen !== ALL || id === undefined || tool === undefined || !cursor.isAtEnd || !isUtf8(body)) return undefined;
  return { id, idText, tool, params };
}

const [RPC, METHOD, ID, PARAMS, ALL] = [1, 2, 4, 8, 15];

/** 0 for any other, and for one with another value than that of a call. */
function memberOf(cursor: JsonCursor): number {
  if (cursor.isKey('jsonrpc')) return cursor.isWritten('"2.0"') ? RPC : 0;
  if (cursor.isKey('method')) return cursor.isWritten('"tools/call"') ? METHOD : 0;
  if (cursor.isKey('id')) return ID;
  return cursor.isKey('params') ? PARAMS : 0;
}

/** The name, once the cursor is behind the parameters. */
function readTool(cursor: JsonCursor): string | undefined {
  let tool: string | undefined;
  let hasArguments = false;
  cursor.enter();
  while (cursor.next()) {
    const start = cursor.at;
    const isName = cursor.isKey('name');
    const isArguments = cursor.isKey('arguments');
    if ((isName && tool !== undefined) || (isArguments && hasArguments)) return undefined;
    if (!isName && !isArguments && isToBeRead(cursor)) return undefined;
    cursor.skip();
    if (cursor.at < 0) return undefined;
    hasArguments ||= isArguments;
    if (!isName) continue;
    tool = plainString(cursor.text(start, cursor.at));
    if (tool === undefined) return undefined;
  }
  return tool;
}

/** A member of the parameters that is not merely passed on. */
function isToBeRead(cursor: JsonCursor): boolean {
  return cursor.isKey('_meta') || isLookAlike(fromByteText(cursor.text(cursor.keyStart, cursor.keyEnd)));
}

function toId(text: string): string | number | undefined {
  return /^(?:0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : plainString(text);
}

/** Of ASCII without escapes; undefined for any other, and for what is no string. */
function plainString(text: string): string | undefined {
  return /^"[ !#-[\]-~]*"$/.test(text) ? text.slice(1, -1) : undefined;
}
