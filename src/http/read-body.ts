/** Reads a request's body, within a bound: as bytes, or as JSON. */
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors.ts';
import { DEPTH_MAX } from '../stdx/json-depth.ts';

export interface RefusedBody {
  readonly kind: 'refused';
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

export type Body = { readonly kind: 'json'; readonly value: unknown } | RefusedBody;

export interface BodyListener {
  whole(bytes: Buffer): void;
  refused(body: RefusedBody): void;
  /** The client goes away in the middle. */
  failed(error: Error): void;
}

/** One of the three is called, once. Events, because an async iterator costs as much as the rest. */
export function collectBody(request: IncomingMessage, bytesMax: number, listener: BodyListener): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else if (!isOver) {
      isOver = true;
      chunks = [];
      listener.refused(tooLarge(bytesMax));
    }
  });
  request.on('end', () => {
    if (isOver) return;
    isOver = true;
    const [only = NO_BYTES] = chunks;
    listener.whole(chunks.length > 1 ? Buffer.concat(chunks, bytes) : only);
  });
  request.on('error', () => {
    if (isOver) return;
    isOver = true;
    listener.failed(new GatewayError('CALL_CANCELLED', 'the client went away while it was sending'));
  });
}

const NO_BYTES = Buffer.alloc(0);

/** Rejects only when the client goes away in the middle. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  return new Promise((resolve, failed) => {
    collectBody(request, bytesMax, { whole: (bytes) => resolve(parseBody(bytes)), refused: resolve, failed });
  });
}

export function parseBody(bytes: Buffer): Body {
  if (isTooDeep(bytes)) return TOO_DEEP;
  try {
    return { kind: 'json', value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { kind: 'refused', status: 400, code: -32700, message: 'Parse error: Invalid JSON' };
  }
}

const TOO_DEEP: Body = {
  kind: 'refused',
  status: 400,
  code: -32600,
  message: 'Invalid Request: nested too deeply',
};
const [QUOTE, ESCAPE, ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Before anything is parsed. Strings, which are most of a long message, are jumped over. */
function isTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === ARRAY || byte === OBJECT) depth += 1;
    else if (byte === ARRAY_END || byte === OBJECT_END) depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

/** Where its closing quote is; the end of everything when it has none. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === ESCAPE) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return bytes.length;
}

function tooLarge(bytesMax: number): RefusedBody {
  const message = `the message is larger than ${bytesMax} bytes`;
  return { kind: 'refused', status: 413, code: -32600, message };
}
