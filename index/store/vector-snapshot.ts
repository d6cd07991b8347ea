/** How the embedded store writes vectors down: one sealed block of bytes a server, refused when anything is off. */
import { seal, unseal } from './sealed-bytes.ts';

export interface StoredVector {
  readonly id: string;
  readonly hash: string;
  readonly vector: Float32Array;
}

/** A snapshot of another version is not read; its vectors are simply made again. */
const MARK = 'TDXVEC1\n';

/** Layout: u32 length of the header, header JSON `{ids, hashes, dimensions}`, f32 vectors; little-endian. */
export function writeSnapshot(records: readonly StoredVector[], dimensions: number): Uint8Array {
  const ids = records.map(({ id }) => id);
  const header = new TextEncoder().encode(JSON.stringify({ ids, hashes: records.map(({ hash }) => hash), dimensions }));
  const content = new Uint8Array(4 + header.length + 4 * dimensions * records.length);
  const view = new DataView(content.buffer);
  view.setUint32(0, header.length, true);
  content.set(header, 4);
  let at = 4 + header.length;
  for (const { vector } of records) {
    for (const number of vector) {
      view.setFloat32(at, number, true);
      at += 4;
    }
  }
  return seal(MARK, content);
}

/** Undefined when the bytes are damaged, of another version, or of vectors of another length. */
export function readSnapshot(bytes: Uint8Array, dimensions: number): StoredVector[] | undefined {
  const content = unseal(MARK, bytes);
  if (!content) return undefined;
  const headerLength = new DataView(content.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(content.subarray(4, 4 + headerLength)));
  if (header.dimensions !== dimensions) return undefined;
  const numbers = new Float32Array(content.slice(4 + headerLength).buffer);
  const vectorAt = (i: number) => numbers.subarray(i * dimensions, (i + 1) * dimensions);
  return header.ids.map((id: string, i: number) => ({ id, hash: String(header.hashes[i]), vector: vectorAt(i) }));
}
