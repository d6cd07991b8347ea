/** What a client leaves unread is kept by us: bounded, or one that reads nothing takes the memory of all. */
import type { ServerResponse } from 'node:http';

/** For a stream that can be resumed. */
export const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
/** For one that cannot, and is cut for good: a message may be as long. */
export const UNREAD_FOR_GOOD_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Cuts the connection instead where more than `bytesMax` are unread of what was written before. How long the text itself is
 * counts for nothing, for nobody has had the time to read it.
 */
export function writeUnlessUnread(
  response: ServerResponse,
  text: string,
  { bytesMax = UNREAD_FOR_GOOD_BYTES_MAX, encoding = 'utf8' }: { bytesMax?: number; encoding?: BufferEncoding } = {},
): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.writableLength > bytesMax) response.destroy();
  else response.write(text, encoding);
}
