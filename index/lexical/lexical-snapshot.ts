/** How the words of a catalog are written down, so that the next start need not read every text again. */
import { createHash } from 'node:crypto';
import { seal, unseal } from '../store/sealed-bytes.ts';
import { toolDocument } from '../tool-document.ts';
import { documentTerms, FIELD_WEIGHTS } from './document-terms.ts';

/** Grouped by term: the postings of term t are those from `offsets[t]` to `offsets[t + 1]`. */
export interface PostingArrays {
  readonly offsets: Uint32Array;
  readonly slots: Uint32Array;
  readonly impacts: Float32Array;
}

export interface LexicalSnapshot {
  /** In the order of their numbers. */
  readonly terms: readonly string[];
  readonly postings: PostingArrays;
  readonly documents: readonly SnapshotDocument[];
}

export interface SnapshotDocument {
  readonly id: string;
  readonly hash: string;
  readonly slot: number;
}

const MARK = 'TDXLEX1\n';

/** Changes whenever the same text would give other terms or weights, so that no snapshot outlives the code that made it. */
const FINGERPRINT = fingerprint();

/** Layout: three u32 counts (header bytes, terms, postings), header JSON padded to 4, offsets, slots, impacts; little-endian. */
export function writeLexicalSnapshot({ terms, postings, documents }: LexicalSnapshot): Uint8Array {
  const { offsets, slots, impacts } = postings;
  const header = Buffer.from(
    JSON.stringify({
      fingerprint: FINGERPRINT,
      terms: terms.join('\n'),
      ids: documents.map(({ id }) => id),
      hashes: documents.map(({ hash }) => hash),
      slots: documents.map(({ slot }) => slot),
    }),
  );
  const padding = Buffer.alloc(align4(header.length) - header.length, ' ');
  const counts = new Uint32Array([header.length + padding.length, terms.length, slots.length]);
  const arrays = [offsets.subarray(0, terms.length + 1), slots, impacts];
  return seal(MARK, Buffer.concat([bytesOf(counts), header, padding, ...arrays.map(bytesOf)]));
}

/** Undefined when the bytes are damaged, of another version, or made by other rules of analysis. */
export function readLexicalSnapshot(bytes: Uint8Array): LexicalSnapshot | undefined {
  const content = unseal(MARK, bytes);
  if (!content) return undefined;
  const [headerLength = 0, termCount = 0, count = 0] = new Uint32Array(content.buffer, 0, 3);
  const header = JSON.parse(new TextDecoder().decode(content.subarray(12, 12 + headerLength)));
  if (header.fingerprint !== FINGERPRINT) return undefined;
  const start = 12 + headerLength;
  const slotsAt = start + 4 * (termCount + 1);
  const ids: string[] = header.ids;
  return {
    terms: termCount === 0 ? [] : header.terms.split('\n'),
    postings: {
      offsets: new Uint32Array(content.buffer, start, termCount + 1),
      slots: new Uint32Array(content.buffer, slotsAt, count),
      impacts: new Float32Array(content.buffer, slotsAt + 4 * count, count),
    },
    documents: ids.map((id, i) => ({ id, hash: String(header.hashes[i]), slot: Number(header.slots[i]) })),
  };
}

const align4 = (length: number) => Math.ceil(length / 4) * 4;

const bytesOf = (array: Uint32Array | Float32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

function fingerprint(): string {
  const probe = toolDocument({
    id: 'probe',
    server: 'GitHub-API',
    serverDescription: 'Ações, búsqueda 搜索文件 and running queries.',
    name: 'createPullRequests_v2',
    description: 'Stopped boxes; neo4j listing, files created. Поиск in\u00ADvisibly.',
    inputSchema: { properties: { repoName: { description: 'Its name' } } },
  });
  const { frequencies, length } = documentTerms(probe);
  return createHash('sha256')
    .update(JSON.stringify([[...frequencies], length, FIELD_WEIGHTS]))
    .digest('hex')
    .slice(0, 16);
}
