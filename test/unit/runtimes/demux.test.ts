import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { demux } from '../../../src/runtimes/container/demux.ts';

function frame(stream: 1 | 2, payload: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(payload), 4);
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** What comes out when the frames arrive in pieces of `size` bytes. */
async function split(wire: Buffer, size: number) {
  const stream = new PassThrough();
  const output = new PassThrough();
  let stderr = '';
  demux(stream, { output, onStderr: (chunk) => (stderr += chunk.toString('latin1')) });
  const stdout = text(output);
  for (let at = 0; at < wire.length; at += size) stream.write(wire.subarray(at, at + size));
  stream.end();
  return { stdout: await stdout, stderr };
}

describe('the stream of a container', () => {
  const wire = Buffer.concat([
    frame(1, '{"a":'),
    frame(2, 'warn\n'),
    frame(1, ''),
    frame(1, '"ü😀"}\n'),
    frame(2, 'end'),
    frame(1, 'x'),
  ]);

  it('is split in two however its frames are cut', async () => {
    for (let size = 1; size <= wire.length; size++) {
      expect(await split(wire, size)).toEqual({ stdout: '{"a":"ü😀"}\nx', stderr: 'warn\nend' });
    }
  });

  it('passes a large frame on as it comes', async () => {
    const large = 'y'.repeat(3_000_000);
    const { stdout } = await split(Buffer.concat([frame(1, large), frame(1, 'z')]), 65_536);
    expect(stdout).toBe(`${large}z`);
  });

  it('#9 waits for a reader that does not read', async () => {
    const stream = new PassThrough();
    const output = new PassThrough();
    demux(stream, { output, onStderr: () => undefined });
    stream.write(frame(1, 'x'.repeat(200_000)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.isPaused()).toBe(true);
    stream.end(frame(1, 'end'));
    expect((await text(output)).length).toBe(200_003);
  });
});
