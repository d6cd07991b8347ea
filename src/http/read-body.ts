/** Reads a request's body as JSON, within a bound. */
import type { IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly message: string };

/** Never rejects for what was sent; rejects when the client goes away in the middle. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A request that is destroyed takes its response with it, and the refusal must still be read.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return tooLarge(bytesMax);
    chunks.push(chunk);
  }
  try {
    return { kind: 'json', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { kind: 'refused', status: 400, code: -32700, message: 'Parse error: Invalid JSON' };
  }
}

function tooLarge(bytesMax: number): Body {
  const message = `the message is larger than ${Math.floor(bytesMax / 1024 / 1024)} MiB`;
  return { kind: 'refused', status: 413, code: -32600, message };
}
