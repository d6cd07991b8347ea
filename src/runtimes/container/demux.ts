/** Splits the one stream of an attached container into its standard output and its standard error. */
import type { Duplex, Readable, Writable } from 'node:stream';

/** Docker Engine API, "attach to a container": one byte for the stream, three of zero, four for the length, big-endian. */
const HEADER_BYTES = 8;
const STDERR = 2;

export interface Outputs {
  readonly output: Writable;
  readonly onStderr: (chunk: Buffer) => void;
}

/** Ends `output` with the stream. A reader of the output that is slow slows the container, as a pipe would. */
export function demux(stream: Duplex, { output, onStderr }: Outputs): void {
  let rest: Buffer = Buffer.alloc(0);
  let frame = { isStderr: false, left: 0 };
  const take = (chunk: Buffer) => {
    if (frame.isStderr) onStderr(chunk);
    else if (!output.write(chunk)) waitFor(output, stream);
  };
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length > 0) {
      if (frame.left === 0) {
        if (rest.length < HEADER_BYTES) return;
        frame = { isStderr: rest[0] === STDERR, left: rest.readUInt32BE(4) };
        rest = rest.subarray(HEADER_BYTES);
      }
      // Not the whole frame: a line of many megabytes is handed on as it comes.
      const part = rest.subarray(0, frame.left);
      frame.left -= part.length;
      rest = rest.subarray(part.length);
      if (part.length > 0) take(part);
    }
  });
  stream.once('end', () => output.end());
  stream.once('close', () => output.end());
}

function waitFor(output: Writable, stream: Readable): void {
  if (stream.isPaused()) return;
  stream.pause();
  output.once('drain', () => stream.resume());
}
