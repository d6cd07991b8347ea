/** Bytes that tell whether they are still what was written: a mark of kind and version, a checksum, the content. */
import { createHash } from 'node:crypto';

const CHECKSUM_BYTES = 16;

export function seal(mark: string, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(mark), checksum(content), content]);
}

/** The content as a copy that begins at offset 0, so that views of any width fit; undefined when anything is off. */
export function unseal(mark: string, bytes: Uint8Array): Uint8Array | undefined {
  const start = mark.length + CHECKSUM_BYTES;
  if (bytes.length < start || Buffer.from(bytes.subarray(0, mark.length)).toString('latin1') !== mark) return undefined;
  const content = new Uint8Array(bytes.subarray(start));
  return checksum(content).equals(bytes.subarray(mark.length, start)) ? content : undefined;
}

const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES);
