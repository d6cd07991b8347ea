/** Signs of life on an answer that is long in coming: proxies cut what is silent, Cloudflare after 100 s. */
import type { ServerResponse } from 'node:http';

/** Well below what proxies wait for, and so long that ordinary calls stay plain JSON. */
export const SILENCE_MS = 15_000;

/** Intermediaries are asked not to hold events back. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
} as const;

/**
 * Every `silenceMs` a comment, which clients skip; the first one opens the stream and sends the headers. To be stopped
 * before the answer is written.
 */
export function keepAlive(response: ServerResponse, silenceMs: number): () => void {
  const timer = setInterval(() => {
    if (response.writableEnded || response.destroyed) return;
    if (!response.headersSent) response.writeHead(200, EVENT_STREAM_HEADERS);
    response.write(': still working\n\n');
  }, silenceMs);
  timer.unref();
  return () => clearInterval(timer);
}
