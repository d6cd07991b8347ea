/** Reads a plain call of a tool from its bytes, so that what only passes through is never parsed. */
import { isUtf8 } from 'node:buffer';
import type { PassedParams } from '../bridge/passed-params.ts';
import { ENVELOPE_KEYS } from '../bridge/protocol-versions.ts';
import { isLookAlike } from '../meta-tools/look-alikes.ts';
import { type ByteText, fromByteText, type JsonCursor } from '../stdx/json-cursor.ts';
import { joinMembers } from '../stdx/json-members.ts';

export interface ByteCall {
  readonly id: string | number;
  /** As the caller wrote it. */
  readonly idText: ByteText;
  readonly tool: string;
  /** Without what is between client and gateway: progress token and envelope. */
  readonly params: PassedParams;
  readonly progressToken: string | number | undefined;
  /** The members of `_meta` that make it a request of 2026-07-28, as they were written; '' for none. */
  readonly envelope: ByteText;
}

/**
 * Undefined for whatever is not plainly a `tools/call`: other members, members that stand there twice, escapes in what decides,
 * and tokens and keys of the protocol that we do not know.
 */
export function readByteCall(body: Buffer, cursor: JsonCursor): ByteCall | undefined {
  cursor.reset(body);
  cursor.enter();
  let idText = '';
  let params: Params | undefined;
  let seen = 0;
  while (cursor.next()) {
    const member = memberOf(cursor);
    if (member === 0 || (seen & member) !== 0) return undefined;
    seen |= member;
    const start = cursor.at;
    if (member === PARAMS) params = readParams(cursor);
    else cursor.skip();
    if (cursor.at < 0 || (member === PARAMS && !params)) return undefined;
    if (member === ID) idText = cursor.text(start, cursor.at);
  }
  const id = toId(idText);
  if (seen !== ALL || id === undefined || !params || !cursor.isAtEnd || !isUtf8(body)) return undefined;
  const { tool, text, meta } = params;
  const passed = { text, meta: meta.others };
  return { id, idText, tool, params: passed, progressToken: meta.progressToken, envelope: meta.envelope };
}

const [RPC, METHOD, ID, PARAMS, ALL] = [1, 2, 4, 8, 15];

/** 0 for any other, and for one with another value than that of a call. */
function memberOf(cursor: JsonCursor): number {
  if (cursor.isKey('jsonrpc')) return cursor.isWritten('"2.0"') ? RPC : 0;
  if (cursor.isKey('method')) return cursor.isWritten('"tools/call"') ? METHOD : 0;
  if (cursor.isKey('id')) return ID;
  return cursor.isKey('params') ? PARAMS : 0;
}

interface Params {
  readonly tool: string;
  readonly text: ByteText;
  readonly meta: Meta;
}

/** With the cursor behind them. */
function readParams(cursor: JsonCursor): Params | undefined {
  const begin = cursor.at;
  let tool: string | undefined;
  let meta: Meta | undefined;
  let [metaFrom, metaTo] = [0, 0];
  let seen = 0;
  cursor.enter();
  while (cursor.next()) {
    const member = paramOf(cursor);
    if (member === LOOK_ALIKE || (seen & member) !== 0) return undefined;
    seen |= member;
    const start = cursor.at;
    if (member === META) {
      metaFrom = cursor.keyStart - 1;
      meta = readMeta(cursor);
      metaTo = cursor.at;
    } else cursor.skip();
    if (cursor.at < 0 || (member === META && !meta)) return undefined;
    if (member === NAME) tool = plainString(cursor.text(start, cursor.at));
  }
  if (cursor.at < 0 || tool === undefined) return undefined;
  if (!meta) return { tool, text: cursor.text(begin, cursor.at), meta: NO_META };
  return { tool, text: without(cursor.text(begin, metaFrom), cursor.text(metaTo, cursor.at)), meta };
}

const [OTHER, NAME, ARGUMENTS, META, LOOK_ALIKE] = [0, 1, 2, 4, 8];

function paramOf(cursor: JsonCursor): number {
  if (cursor.isKey('name')) return NAME;
  if (cursor.isKey('arguments')) return ARGUMENTS;
  if (cursor.isKey('_meta')) return META;
  return isLookAlike(keyOf(cursor)) ? LOOK_ALIKE : OTHER;
}

/** Two parts of an object, between which a member was. */
function without(before: ByteText, after: ByteText): ByteText {
  const front = before.trimEnd();
  if (front.endsWith(',')) return front.slice(0, -1) + after;
  const back = after.trimStart();
  return front + (back.startsWith(',') ? back.slice(1) : back);
}

interface Meta {
  readonly progressToken: string | number | undefined;
  readonly envelope: ByteText;
  readonly others: ByteText;
}

const NO_META: Meta = { progressToken: undefined, envelope: '', others: '' };
/** Undefined, wherever the cursor is, where there is something in it that is to be parsed. */
function readMeta(cursor: JsonCursor): Meta | undefined {
  let progressToken: string | number | undefined;
  let envelope = '';
  let others = '';
  const seen: string[] = [];
  cursor.enter();
  while (cursor.next()) {
    const key = keyOf(cursor);
    const [from, start] = [cursor.keyStart - 1, cursor.at];
    cursor.skip();
    if (cursor.at < 0 || seen.includes(key) || !isKnown(key)) return undefined;
    if (seen.length === META_MAX) return undefined;
    seen.push(key);
    if (key === TOKEN) progressToken = toId(cursor.text(start, cursor.at));
    else if (key.startsWith(OURS)) envelope = joinMembers(envelope, cursor.text(from, cursor.at));
    else others = joinMembers(others, cursor.text(from, cursor.at));
  }
  const isOddToken = seen.includes(TOKEN) && progressToken === undefined;
  return cursor.at < 0 || isOddToken ? undefined : { progressToken, envelope, others };
}

/** Nobody says more; and each is looked for among all before it. */
const META_MAX = 50;
const TOKEN = 'progressToken';
const OURS = 'io.modelcontextprotocol/';

/** What else the protocol says in it is to be parsed, and so is what others may read as something else. */
const isKnown = (key: string) => (key.startsWith(OURS) ? ENVELOPE_KEYS.includes(key) : !isLookAlike(key));

const keyOf = (cursor: JsonCursor) => fromByteText(cursor.text(cursor.keyStart, cursor.keyEnd));

function toId(text: string): string | number | undefined {
  return /^(?:0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : plainString(text);
}

/** Of ASCII without escapes; undefined for any other, and for what is no string. */
function plainString(text: string): string | undefined {
  return /^"[ !#-[\]-~]*"$/.test(text) ? text.slice(1, -1) : undefined;
}
