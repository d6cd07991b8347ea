/** How the embedded store writes vectors down: one checksummed block of bytes a server, refused when anything is off. */
import { createHash } from 'node:crypto';

export interface StoredVector {
  readonly id: string;
  readonly hash: string;
  readonly vector: Float32Array;
}

/** A snapshot of another version is not read; its vectors are simply made again. */
const MAGIC = 'TDXVEC1\n';
const CHECKSUM_BYTES = 16;

/** Layout: magic, checksum of the rest, u32 length of the header, header JSON `{ids, hashes, dimensions}`, f32 vectors. */
export function writeSnapshot(records: readonly StoredVector[], dimensions: number): Uint8Array {
  const ids = records.map(({ id }) => id);
  const header = new TextEncoder().encode(JSON.stringify({ ids, hashes: records.map(({ hash }) => hash), dimensions }));
  const body = new Uint8Array(4 + header.length + 4 * dimensions * records.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, header.length, true);
  body.set(header, 4);
  let at = 4 + header.length;
  for (const { vector } of records) {
    for (const number of vector) {
      view.setFloat32(at, number, true);
      at += 4;
    }
  }
  return Buffer.concat([Buffer.from(MAGIC), checksum(body), body]);
}

/** Undefined when the bytes are damaged, of another version, or of vectors of another length. */
export function readSnapshot(bytes: Uint8Array, dimensions: number): StoredVector[] | undefined {
  const start = MAGIC.length + CHECKSUM_BYTES;
  if (bytes.length < start + 4 || Buffer.from(bytes.subarray(0, MAGIC.length)).toString() !== MAGIC) return undefined;
  const body = new Uint8Array(bytes.subarray(start)); // a copy: `slice` of a Buffer would be a view at any offset
  if (!checksum(body).equals(bytes.subarray(MAGIC.length, start))) return undefined;
  const headerLength = new DataView(body.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + headerLength)));
  if (header.dimensions !== dimensions) return undefined;
  const numbers = new Float32Array(body.slice(4 + headerLength).buffer);
  const vectorAt = (i: number) => numbers.subarray(i * dimensions, (i + 1) * dimensions);
  return header.ids.map((id: string, i: number) => ({ id, hash: String(header.hashes[i]), vector: vectorAt(i) }));
}

const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES);
