/** Finds the first event with data in the bytes of an event stream, for streams that have but one: the answer. */

/**
 * `odd`: whoever knows event streams better has to read this one. `next` is where the event ends. Source: "Server-sent events",
 * HTML Living Standard; line ends that are a carriage return alone are odd here,
 * as is much before the data and anything but an empty line behind it.
 */
export type FirstEvent =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'odd' }
  | { readonly kind: 'data'; readonly data: Buffer; readonly next: number };

const [LINE_FEED, RETURN, SPACE] = [0x0a, 0x0d, 0x20];
/** Of what stands before the data. */
const BESIDE_BYTES_MAX = 4_096;
const INCOMPLETE: FirstEvent = { kind: 'incomplete' };
const ODD: FirstEvent = { kind: 'odd' };

export function readFirstEvent(bytes: Buffer): FirstEvent {
  let data: Buffer | undefined;
  let from = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
    const line = lineAt(bytes, from, end);
    from = end + 1;
    if (line.length === 0 && data) return { kind: 'data', data, next: from };
    const value = dataOf(line);
    // What is read again with each chunk has to stay short.
    if (data || from > BESIDE_BYTES_MAX + (value?.length ?? 0) || !(value || isBeside(line))) return ODD;
    if (value && value.length > 0) data = value;
  }
  return hasLoneReturn(bytes, from) ? ODD : INCOMPLETE;
}

/** Without the carriage return that may stand before its end. */
function lineAt(bytes: Buffer, from: number, end: number): Buffer {
  return bytes.subarray(from, bytes[end - 1] === RETURN ? Math.max(from, end - 1) : end);
}

/** The last byte may be half of a line end. */
function hasLoneReturn(bytes: Buffer, from: number): boolean {
  const at = bytes.indexOf(RETURN, from);
  return at >= 0 && at < bytes.length - 1;
}

/** Such as ids and the comments that keep a connection open; events of other types are for others. */
function isBeside(line: Buffer): boolean {
  if (line.includes(RETURN)) return false;
  if (startsWith(line, 'event:')) return line.toString('latin1', 6).trim() === 'message';
  return line.length === 0 || startsWith(line, ':') || startsWith(line, 'id:') || startsWith(line, 'retry:');
}

function dataOf(line: Buffer): Buffer | undefined {
  if (!startsWith(line, 'data:') || line.includes(RETURN)) return undefined;
  return line.subarray(line[5] === SPACE ? 6 : 5);
}

function startsWith(line: Buffer, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (line[at] !== text.charCodeAt(at)) return false;
  return true;
}
