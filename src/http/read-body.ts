/** Reads a request's body as JSON, within a bound. */
import type { IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly message: string };

/** Rejects only when the client goes away in the middle. Events, because an async iterator costs as much as the rest. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else resolve(tooLarge(bytesMax));
    });
    request.once('end', () => resolve(parse(chunks)));
    request.once('error', reject);
    request.once('aborted', () => reject(new Error('the client went away while it was sending')));
  });
}

function parse(chunks: readonly Buffer[]): Body {
  const [only = Buffer.alloc(0)] = chunks;
  try {
    return { kind: 'json', value: JSON.parse((chunks.length === 1 ? only : Buffer.concat(chunks)).toString('utf8')) };
  } catch {
    return { kind: 'refused', status: 400, code: -32700, message: 'Parse error: Invalid JSON' };
  }
}

function tooLarge(bytesMax: number): Body {
  const message = `the message is larger than ${Math.floor(bytesMax / 1024 / 1024)} MiB`;
  return { kind: 'refused', status: 413, code: -32600, message };
}
